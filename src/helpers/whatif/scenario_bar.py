"""Save a setting under a name, load it, and put scenarios side by side: a bar above a panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Protocol

from helpers.errors import PlanbookError
from helpers.memory import find_desk
from helpers.whatif.controls import Value
from helpers.whatif.decision import Decision
from helpers.whatif.newest import Newest

LONGEST_NAME = 80  # characters of a workbook's name; some places take no longer ones
NO_SCENARIO = "There is no scenario yet. Move something, give it a name, and save."


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


# Any: a store gives what its own `compare` takes, and a protocol here would refuse a stricter one.
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
        side_by_side = SideBySide(store, compare, "Compare all", self._tell) if compare else None
        self.compared = side_by_side.shown if side_by_side else None
        buttons = [
            button("Save", "keep this setting under the name", self._save),
            button("Load", "go to the scenario chosen in the list", self._load),
            *(side_by_side.buttons if side_by_side else []),
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
            self._tell(NO_SCENARIO)
            return
        scenario = self._tried(lambda: self._store.load(self._list.value))
        if scenario is None:
            return
        said = self._tried(lambda: self._apply(scenario.what_if))
        if said is not None:
            self._name.value, self._note.value = scenario.name, scenario.note
            self._tell(f"{scenario.name}: {scenario.note} {said}".strip())

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


@dataclass(frozen=True)
class _Wish:
    scenarios: tuple[SavedScenario, ...]
    is_export: bool


@dataclass(frozen=True)
class _Done:
    html: str
    told: str = ""


class SideBySide:
    """Put all saved scenarios side by side, on the page or in a workbook beside them.

    Parameters
    ----------
    store
        Where scenarios are kept.
    compare
        Returns scenarios side by side.
    words
        Of the button that shows them.
    tell
        Says a sentence to the reader, as text.
    """

    def __init__(
        self,
        store: ScenarioStore,
        compare: Callable[[Sequence[SavedScenario]], Comparison],
        words: str,
        tell: Callable[[str], None],
    ) -> None:
        import ipywidgets

        self._store, self._compare, self._tell = store, compare, tell
        self.shown = ipywidgets.HTML()
        self.shown.add_class("pb-compared")
        self._answers: Newest[_Wish, _Done] = Newest(
            self._work, lambda _, done: self._show(done), lambda seconds: tell(f"Comparing … {seconds} s")
        )
        self.buttons: list[Any] = [
            button(words, "every scenario beside the plan", lambda _: self._ask(is_export=False))
        ]
        if isinstance(getattr(store, "folder", None), Path):  # else there is no place beside the scenarios
            about = "all scenarios beside the plan, as an Excel workbook in the folder of the scenarios"
            self.buttons.append(button("Export", about, lambda _: self._ask(is_export=True)))

    def _ask(self, *, is_export: bool) -> None:
        try:
            found = tuple(self._store.load(name) for name in self._store.names())
        except Exception as error:  # a file of someone else: said, never thrown at a client
            self._tell(f"{error} Nothing was changed.")
            return
        if not found:
            self._tell(NO_SCENARIO)
            return
        self._tell("Comparing …")
        self._answers.ask(_Wish(found, is_export))

    def _work(self, wish: _Wish) -> _Done:
        try:
            compared = self._compare(wish.scenarios)
            return _Done(compared._repr_html_(), self._exported(compared, wish) if wish.is_export else "")
        except PlanbookError as error:
            words = str(error)
        except Exception as error:  # as in a panel: any error is said
            words = f"{type(error).__name__}: {error}"
        return _Done(f'<div class="pb-refusal" role="alert"><p>{escape(words)}</p></div>')

    def _exported(self, compared: Any, wish: _Wish) -> str:
        folder: Path = self._store.folder  # type: ignore[attr-defined]  # the button is there only with it
        written: Path = compared.export(folder / workbook_name([one.name for one in wish.scenarios]))
        desk = find_desk()
        place = written.resolve()
        return f"Written: {place.relative_to(desk) if place.is_relative_to(desk) else place}"

    def _show(self, done: _Done) -> None:
        self.shown.value = done.html
        self._tell(done.told)


def workbook_name(names: Sequence[str]) -> str:
    """Return `comparison-<names>.xlsx`, or how many there are where their names are too long for a file."""
    whole = f"comparison-{'-'.join(names)}.xlsx"
    return whole if len(whole) <= LONGEST_NAME else f"comparison-{len(names)}-scenarios.xlsx"


def button(words: str, tooltip: str, pressed: Callable[[object], None]) -> Any:
    """Return a button."""
    import ipywidgets

    made = ipywidgets.Button(description=words, tooltip=tooltip)
    made.on_click(pressed)
    return made
