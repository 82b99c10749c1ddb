"""The controls of a panel as widgets: what a reader moves, and what the decision is asked.

A share is moved and typed in per cent. A slider steps so that it can be walked with the arrow keys; a value
typed into its box is taken as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from html import escape
from typing import Any

from helpers.whatif.controls import Choice, Control, Settings, Slider, Value, complete

MOST_STEPS = 500


def scale_of_control(control: Slider) -> float:
    """Return what a value is multiplied with for the reader: shares are shown in per cent."""
    return 100.0 if control.unit == "share" else 1.0


def step_of(control: Slider) -> float:
    """Return the step of the arrow keys: the control's own, or a round multiple where that is too fine."""
    steps = (control.high - control.low) / control.step
    if steps <= MOST_STEPS * (1 + 1e-9):
        return control.step
    power = 10.0 ** math.floor(math.log10(steps / MOST_STEPS))
    factor: float = next(k * power for k in (1.0, 2.0, 5.0, 10.0) if k * power >= steps / MOST_STEPS)
    return control.step * factor


def read_slider(control: Slider, shown: float) -> float:
    """Return the value that a slider stands at.

    Where the plan's own value is not on a step, the step nearest to it means the plan's value: else a reader
    who walks away and back would never get back to the plan.
    """
    value = round(shown / scale_of_control(control), 10)
    away = (control.default - control.low) / step_of(control)
    is_between = abs(away - round(away)) > 1e-6
    if is_between and abs(value - control.default) <= step_of(control) / 2 * (1 + 1e-9):
        return control.default
    return min(max(value, control.low), control.high)


def format_of(control: Slider) -> str:
    """Return how the box beside the slider writes a value (a d3 format); the label has sign and unit."""
    fine = Decimal(repr(round(step_of(control) * scale_of_control(control), 6))).normalize()
    digits = max(0, -int(fine.as_tuple().exponent))
    return f",.{digits}f"


def name_of(control: Control, value: Value) -> str:
    """Return the control's label and its value in words, such as "growth of demand: +10 %"."""
    return f"{control.label}: {control.say(value)}"


class Inputs:
    """The widgets of a decision's controls.

    Parameters
    ----------
    controls
        In the order of the panel.
    moved
        Called after any of them was moved by the reader; not for what `show` sets.
    """

    def __init__(self, controls: Sequence[Control], moved: Callable[[], None]) -> None:
        self._controls = tuple(controls)
        self._moved = moved
        self._is_setting = False
        self._widgets = {control.name: _widget(control) for control in self._controls}
        for widget in self._widgets.values():
            widget.observe(self._observe, names="value")

    @property
    def settings(self) -> dict[str, Value]:
        """Every control's value."""
        return {control.name: self._read(control) for control in self._controls}

    def show(self, settings: Settings) -> None:
        """Set the widgets; raises ParameterError for a value that no control takes, and sets none then."""
        whole = complete(self._controls, settings)
        self._is_setting = True
        try:
            for control in self._controls:
                factor = scale_of_control(control) if isinstance(control, Slider) else None
                value = whole[control.name]
                self._widgets[control.name].value = value if factor is None else float(value) * factor
        finally:
            self._is_setting = False
        self._say()

    def grouped(self) -> list[Any]:
        """Return the widgets under the headings of their groups."""
        import ipywidgets

        groups = dict.fromkeys(control.group for control in self._controls)
        parts: list[Any] = []
        for group in groups:
            parts.append(ipywidgets.HTML(f"<h4>{escape(group)}</h4>"))
            parts.extend(self._widgets[control.name] for control in self._controls if control.group == group)
        return parts

    def _observe(self, _: object) -> None:
        if not self._is_setting:
            self._say()
            self._moved()

    def _read(self, control: Control) -> Value:
        shown = self._widgets[control.name].value
        return read_slider(control, shown) if isinstance(control, Slider) else shown

    def _say(self) -> None:
        """Write each value in words beside its label, and mark what differs from the plan."""
        for control in self._controls:
            widget, value = self._widgets[control.name], self._read(control)
            widget.description = _description(control, value)
            mark = widget.add_class if value != control.default else widget.remove_class
            mark("pb-moved")


def _description(control: Control, value: Value) -> str:
    return name_of(control, value) if isinstance(control, Slider) else control.label


def _widget(control: Control) -> Any:
    """The widget of one control, at the plan's value; its help is the tooltip."""
    import ipywidgets

    tooltip = control.help
    label = _description(control, control.default)
    if isinstance(control, Slider):
        factor = scale_of_control(control)
        widget = ipywidgets.FloatSlider(
            value=control.default * factor,
            min=control.low * factor,
            max=control.high * factor,
            step=step_of(control) * factor,
            readout_format=format_of(control),
            continuous_update=False,
            description=label,
            tooltip=tooltip,
        )
    elif isinstance(control, Choice):
        options = [(words, value) for value, words in control.options]
        widget = ipywidgets.Dropdown(
            options=options, value=control.default, description=label, tooltip=tooltip
        )
    else:
        widget = ipywidgets.Checkbox(value=control.default, description=label, indent=False, tooltip=tooltip)
    widget.add_class("pb-control")
    widget.add_class(f"pb-control-{control.name}")
    return widget
