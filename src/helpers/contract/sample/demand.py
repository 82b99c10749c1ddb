"""The true demand process: how many lines, of how many units, each product × site wants in a week.

    lines[t, p]  ~ Poisson(rate[t, p])
    units of a line = 1 + negative binomial with mean m_p − 1 and dispersion r_p
    demand_mean[t, p] = rate[t, p] · m_p

    rate = base · trend · season · life · promotions

The four patterns of Syntetos and Boylan (2005), "The accuracy of intermittent demand estimates",
come from the rate (often or seldom) and the dispersion of the line size (even or uneven).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.contract.sample.arrays import Floats, Ints
from helpers.contract.sample.assortment import NEVER, Assortment
from helpers.contract.sample.frames import read_list
from helpers.contract.sample.network import Network
from helpers.contract.sample.promotions import Promotions
from helpers.contract.sample.settings import SampleSize

BASE_RATE = ((1.9, 4.2), (1.8, 3.4), (0.22, 0.55), (0.2, 0.5))  # lines a week, by pattern
LINE_MEAN = (1.6, 3.2, 1.5, 4.0)  # units of a line in a store, by pattern
LINE_DISPERSION = (8.0, 0.55, 8.0, 0.45)  # small = uneven
WAREHOUSE_LINE = 4.0  # wholesale customers order this many times more
RECORDED_SHARE = 0.945  # of the lines drawn; the rest is lost or joins another line of its basket
RAMP_WEEKS = 4.0
RUN_DOWN_WEEKS = 12


@dataclass(frozen=True)
class DemandProcess:
    """The process that the sample draws from; arrays are weeks × pairs, or one value per pair."""

    rate: Floats
    line_mean: Floats
    line_dispersion: Floats

    @property
    def mean(self) -> Floats:
        """Mean units wanted (weeks × pairs)."""
        return np.asarray(self.rate * self.line_mean, dtype=np.float64)

    def draw_lines(self, week: int, rng: np.random.Generator) -> tuple[Ints, Floats]:
        """Return the pair and the units of every line wanted in a week."""
        counts = rng.poisson(self.rate[week])
        pair = np.repeat(np.arange(len(counts)), counts)
        return pair, self.draw_units(pair, rng)

    def draw_units(self, pair: Ints, rng: np.random.Generator) -> Floats:
        """Return the units of one line for each of the pairs given."""
        dispersion = self.line_dispersion[pair]
        heat = rng.gamma(dispersion, (self.line_mean[pair] - 1) / dispersion)
        return np.asarray(1 + rng.poisson(heat), dtype=np.float64)


def make_demand(
    size: SampleSize,
    network: Network,
    assortment: Assortment,
    promotions: Promotions,
    rng: np.random.Generator,
) -> DemandProcess:
    """Return the true demand process of a sample case, scaled to the wished number of order lines."""
    product, site = assortment.pair_product, assortment.pair_site
    level = _base_rate(assortment, rng) * _trend(size, assortment, rng) * _season(size, assortment, rng)
    old = np.flatnonzero(assortment.lives.successor >= 0)
    taste = rng.uniform(0.8, 1.2, (size.products, size.sites))
    new = assortment.lives.successor[old]
    level[:, new], taste[new] = level[:, old], taste[old]  # a successor takes the demand over
    level = level * _life(size, assortment)
    rate = level[:, product] * taste[product, site] * network.site_size[site] * promotions.effect
    rate *= size.order_lines / (RECORDED_SHARE * rate[: size.weeks].sum())
    pattern = assortment.pattern[product]
    larger = np.where(site < network.warehouses, WAREHOUSE_LINE, 1.0)
    return DemandProcess(
        rate=rate,
        line_mean=1 + (np.array(LINE_MEAN)[pattern] - 0.5) * larger - 0.5,
        line_dispersion=np.array(LINE_DISPERSION)[pattern],
    )


def _base_rate(assortment: Assortment, rng: np.random.Generator) -> Floats:
    low, high = np.array(BASE_RATE).T
    base = rng.uniform(low[assortment.pattern], high[assortment.pattern])
    return np.asarray(base, dtype=np.float64)


def _trend(size: SampleSize, assortment: Assortment, rng: np.random.Generator) -> Floats:
    growth = rng.normal(0.03, 0.07, len(assortment.category))
    years = np.arange(size.all_weeks)[:, None] / 52.18
    return np.asarray(np.exp(years * growth), dtype=np.float64)


def _season(size: SampleSize, assortment: Assortment, rng: np.random.Generator) -> Floats:
    """One yearly wave and its half, the peak set by category and moved a little by product."""
    listed = read_list("categories").head(size.categories)
    count = len(assortment.category)
    peak = listed["season_peak_week"].to_numpy(float)[assortment.category] + rng.normal(0, 2.5, count)
    first = listed["season_amplitude"].to_numpy(float)[assortment.category] * rng.uniform(0.7, 1.3, count)
    second = listed["second_harmonic"].to_numpy(float)[assortment.category]
    mondays = size.mondays()
    day_of_year = (mondays - mondays.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64)
    angle = 2 * np.pi * (day_of_year[:, None] / 365.25 - peak / 52.18)
    wave = 1 + first * np.cos(angle) + second * np.cos(2 * angle)
    return np.asarray(np.maximum(wave, 0.12), dtype=np.float64)


def _life(size: SampleSize, assortment: Assortment) -> Floats:
    """Ramp up after the launch, run down before the end; a successor starts at full demand."""
    week = np.arange(size.all_weeks)[:, None]
    launch, end, successor = assortment.lives
    ramp = np.where(launch >= 0, 1 - np.exp(-(week - launch + 1) / RAMP_WEEKS), 1.0)
    follows = np.isin(np.arange(len(launch)), successor[successor >= 0])
    ramp = np.where(follows, 0.9, ramp)
    ramp = np.where(week >= launch, ramp, 0.0)
    replaced = successor >= 0
    left = np.clip((end - week + 1) / RUN_DOWN_WEEKS, 0.0, 1.0)
    left = np.where(replaced, np.where(week <= end, 1.0, 0.0), left)
    return np.asarray(ramp * np.where(end < NEVER, left, 1.0), dtype=np.float64)
