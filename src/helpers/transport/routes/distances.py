"""Distances on the globe from coordinates.

    a = sin²(Δφ/2) + cos φ₁ cos φ₂ sin²(Δλ/2),     distance = 2 R arcsin √a,     R = 6371.0088 km

Source: Sinnott (1984), Virtues of the haversine, Sky and Telescope 68; R is the IUGG's mean radius.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

EARTH_RADIUS_KM = 6371.0088


def distances_between(latitude: ArrayLike, longitude: ArrayLike) -> NDArray[np.float64]:
    """Return kilometres as the crow flies, places × places.

    Parameters
    ----------
    latitude, longitude
        φ and λ in degrees (n,).

    Examples
    --------
    >>> float(distances_between([52.52, 48.1372], [13.405, 11.5755])[0, 1].round(1))
    504.3
    """
    phi = np.radians(np.asarray(latitude, dtype=np.float64))
    lam = np.radians(np.asarray(longitude, dtype=np.float64))
    a = np.sin((phi[:, None] - phi) / 2) ** 2
    a += np.cos(phi[:, None]) * np.cos(phi) * np.sin((lam[:, None] - lam) / 2) ** 2
    kilometres: NDArray[np.float64] = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(a, 0.0, 1.0)))
    return kilometres
