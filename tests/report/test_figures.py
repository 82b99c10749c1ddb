from __future__ import annotations

import base64

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from helpers.errors import ParameterError
from helpers.report import figure


def drawn() -> Figure:
    canvas = Figure(figsize=(4, 2))
    axes = canvas.subplots()
    axes.plot([1, 3, 2])
    axes.set_title("Sales <b>rise</b>")
    return canvas


def test_a_figure_without_a_description_is_refused() -> None:
    with pytest.raises(ParameterError, match="alt text"):
        figure(drawn(), "  ")


def test_the_same_figure_gives_the_same_bytes() -> None:
    assert figure(drawn(), "a").content == figure(drawn(), "a").content


def test_a_figure_is_an_svg_whose_text_is_text_and_that_names_no_tool_or_time() -> None:
    content = figure(drawn(), "a").content
    assert content.startswith("<svg")
    assert "Sales &lt;b&gt;rise&lt;/b&gt;</text>" in content
    assert "metadata" not in content


def test_axes_give_their_figure() -> None:
    canvas = drawn()
    assert figure(canvas.axes[0], "a").content == figure(canvas, "a").content


def test_description_and_caption_travel_with_the_output() -> None:
    data, about = figure(drawn(), " Sales rise. ", "13 weeks.")._repr_mimebundle_()
    assert about == {"image/svg+xml": {"alt": "Sales rise.", "caption": "13 weeks."}}
    assert data["text/plain"] == "Figure: Sales rise."


def test_a_dense_figure_is_a_png() -> None:
    shown = figure(drawn(), "a", dense=True)
    assert shown.mime == "image/png"
    assert base64.b64decode(shown.content).startswith(b"\x89PNG")
    assert shown == figure(drawn(), "a", dense=True)


def test_pyplot_holds_no_figure_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    with mpl.rc_context({"backend": "agg"}):
        from matplotlib import pyplot as plt

        _, axes = plt.subplots()
        figure(axes, "a")
        assert plt.get_fignums() == []
