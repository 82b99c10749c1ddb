"""Save a setting under a name, load it, and put scenarios side by side: a bar above a panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Protocol

from helpers.errors import PlanbookError
from helpers.whatif.controls import Value
from helpers.whatif.decision import Decision
from helpers.whatif.newest import Newest


class SavedScenario(Protocol):
    """A scenario as a store gives it: `name`, `note`, `what_if` (control → value)."""

    @property
    def name(self) -> str:
        """Name of its file, without the ending."""

    @property
    def note(self) -> str:
        """What it is about."""

    @property
    def what_if(self) -> Mapping[str, Value]:
        """Control → value, of what differs from the plan."""


class ScenarioStore(Protocol):
    """Where scenarios are kept."""

    def save(self, name: str, note: str, what_if: Mapping[str, Value]) -> object:
        """Keep a scenario; raises PlanbookError for a name that no file may have."""

    def names(self) -> tuple[str, ...]:
        """Return the names of all scenarios."""

    def load(self, name: str) -> SavedScenario:
        """Return a scenario; raises PlanbookError where there is none, or its file cannot be read."""


class Comparison(Protocol):
    """Scenarios side by side."""

    def _repr_html_(self) -> str: ...


Compare = Callable[[Sequence[Decision], Sequence[Any]], Comparison]


class ScenarioBar:
    """Name and note, Save, the list, Load and Compare.

    Parameters
    ----------
    store
        Where scenarios are kept.
    collect
        Returns what differs from the plan now.
    apply
        Takes a loaded scenario's values, and returns what to say of it.
    compare
        Returns the named scenarios side by side; None where they cannot be compared here.
    """

    def __init__(
        self,
        store: ScenarioStore,
        collect: Callable[[], Mapping[str, Value]],
        apply: Callable[[Mapping[str, Value]], str],
        compare: Callable[[Sequence[SavedScenario]], Comparison] | None = None,
    ) -> None:
        import ipywidgets

        self._store, self._collect, self._apply, self._compare = store, collect, apply, compare
        self._name = ipywidgets.Text(placeholder="name of the scenario", tooltip="name of the scenario")
        self._note = ipywidgets.Text(placeholder="note: what it is about", tooltip="note")
        self._list = ipywidgets.Dropdown(options=[], tooltip="saved scenarios")
        self._told = ipywidgets.HTML()
        self._told.add_class("pb-told")
        self.compared = ipywidgets.HTML()
        self.compared.add_class("pb-compared")
        self._answers: Newest[tuple[SavedScenario, ...], str] = Newest(
            self._compare_in_words, lambda _, html: self._show_compared(html), self._say_waiting
        )
        buttons = [
            button("Save", "keep this setting under the name", self._save),
            button("Load", "go to the scenario chosen in the list", self._load),
            *([button("Compare all", "all scenarios side by side", self._ask_compared)] if compare else []),
        ]
        self.box = ipywidgets.HBox([self._name, self._note, buttons[0], self._list, *buttons[1:], self._told])
        self.box.add_class("pb-bar")
        self.refresh()

    def refresh(self) -> None:
        """Read the list anew."""
        chosen = self._list.value
        names = self._tried(self._store.names) or ()
        self._list.options = names
        if names:
            self._list.value = chosen if chosen in names else names[0]

    def _save(self, _: object) -> None:
        name = self._name.value.strip()
        if not name:
            self._tell("Give the scenario a name first.")
            return
        found = dict(self._collect())
        if self._tried(lambda: (self._store.save(name, self._note.value.strip(), found),)):
            self.refresh()
            self._list.value = name if name in self._list.options else self._list.value
            self._tell(f"Saved: {name}. In batch: planbook run --scenario {name}")

    def _load(self, _: object) -> None:
        if self._list.value is None:
            self._tell("There is no scenario yet. Move something, give it a name, and save.")
            return
        scenario = self._tried(lambda: self._store.load(self._list.value))
        if scenario is None:
            return
        said = self._tried(lambda: self._apply(scenario.what_if))
        if said is not None:
            self._name.value, self._note.value = scenario.name, scenario.note
            self._tell(f"{scenario.name}: {scenario.note} {said}".strip())

    def _ask_compared(self, _: object) -> None:
        found = self._tried(lambda: tuple(self._store.load(name) for name in self._store.names()))
        if found:
            self._tell("Comparing …")
            self._answers.ask(found)
        elif found is not None:
            self._tell("There is no scenario yet. Move something, give it a name, and save.")

    def _compare_in_words(self, scenarios: tuple[SavedScenario, ...]) -> str:
        return compared_html(self._compare, scenarios)

    def _show_compared(self, html: str) -> None:
        self.compared.value = html
        self._tell("")

    def _say_waiting(self, seconds: int) -> None:
        self._tell(f"Comparing … {seconds} s")

    def _tried[Result](self, step: Callable[[], Result]) -> Result | None:
        """The result of a step, or None with the error in words."""
        try:
            return step()
        except PlanbookError as error:
            self._tell(str(error))
        except (
            Exception
        ) as error:  # a full disk, a file of someone else: said in words, never thrown at a client
            self._tell(f"That did not work: {type(error).__name__}: {error}. Nothing was changed.")
        return None

    def _tell(self, words: str) -> None:
        self._told.value = f'<span role="status" aria-live="polite">{escape(words)}</span>' if words else ""


def compared_html(
    compare: Callable[[Sequence[SavedScenario]], Comparison] | None, scenarios: Sequence[SavedScenario]
) -> str:
    """Return scenarios side by side as HTML, or why they cannot be."""
    try:
        return compare(scenarios)._repr_html_() if compare else ""
    except PlanbookError as error:
        words = str(error)
    except Exception as error:  # as in a panel: any error is said
        words = f"{type(error).__name__}: {error}"
    return f'<div class="pb-refusal" role="alert"><p>{escape(words)}</p></div>'


def button(words: str, tooltip: str, pressed: Callable[[object], None]) -> Any:
    """Return a button."""
    import ipywidgets

    made = ipywidgets.Button(description=words, tooltip=tooltip)
    made.on_click(pressed)
    return made
