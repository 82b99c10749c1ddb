"""Transport as a what-if: fuel, carbon, vehicles, a closed site, and how long orders may wait.

Every view comes from the plan with vehicles in parts (`LinearFlow`), the plan itself included, so that
differences compare like with like; a batch run under a scenario plans whole vehicles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from helpers.contract.controls import check_what_if
from helpers.contract.kpis import Kpi, ratio_kpi
from helpers.report import say
from helpers.transport import FlowSettings, TransportPlan
from helpers.transport.flows.levers import lever_notes
from helpers.transport.flows.linear import LONGEST_SLACK, LinearFlow, LinearPlan
from helpers.whatif.chart import Chart, Series
from helpers.whatif.controls import NOBODY, Control, Settings, Value, choice, slider
from helpers.whatif.decision import Decision
from helpers.whatif.view import View, decision_rows

LEVERS = ("fuel_change", "carbon_price", "capacity_change", "closed_site", "dispatch_slack_weeks")
CLOSABLE = ("warehouse", "store")
SHOWN_LANES = 8
NOTES = (
    "Vehicles count in parts here, in the plan too, so money is a little below that of the plan with whole "
    "vehicles. For whole ones save this as a scenario and run it: planbook run --scenario NAME.",
    "A price says what one unit more of a limit would save, as long as the plan stays as it is.",
    "At the end of the weeks stores are to hold what today's way leaves there without any what-if.",
)


def transport_under(settings: FlowSettings, what_if: Mapping[str, object]) -> FlowSettings:
    """Return the settings of the flow plan under a scenario.

    Parameters
    ----------
    settings
        As planned.
    what_if
        Control → value; those of other decisions are left alone.

    Raises
    ------
    ParameterError
        A control or value that does not exist.
    """
    changes: dict[str, object] = dict(check_what_if(what_if, "transport"))
    if "dispatch_slack_weeks" in changes:
        changes["dispatch_slack_weeks"] = round(float(str(changes["dispatch_slack_weeks"])))
    return replace(settings, **changes)  # type: ignore[arg-type]  # checked against the definitions


def transport_what_if(plan: TransportPlan) -> Decision:
    """Return the transport plan as a what-if.

    Parameters
    ----------
    plan
        Of `plan_transport`; the settings that it was made with are where the controls stand.
    """
    world = _World(plan)
    return Decision(
        name="transport",
        title="Transport",
        question="What if fuel, carbon, vehicles or sites change?",
        controls=world.controls,
        answer=world.answer,
        grid=world.grid(),
        fingerprint=plan.fingerprint,
    )


class _World:
    """What all views of a transport plan share; the model is built when the first one is asked for."""

    def __init__(self, plan: TransportPlan) -> None:
        self.plan = plan
        self.settings = plan.settings
        problem = plan.flow.problem
        self.sites = (problem.as_read or problem).sites
        self.names = {
            str(key): str(name or key)
            for key, name in zip(self.sites["site_id"], self.sites["name"], strict=True)
        }
        self.controls = self._controls()
        self.linear = cache(lambda: LinearFlow(problem))
        self.base = cache(lambda: self.linear().plan(self.settings))

    def _controls(self) -> tuple[Control, ...]:
        own = self.settings
        options = [(site, self.names[site]) for site in self._closable()]
        if own.closed_site and own.closed_site not in dict(options):
            options.append((own.closed_site, self.names.get(own.closed_site, own.closed_site)))
        closed = replace(choice("closed_site", options), default=own.closed_site or NOBODY)
        return (
            slider("fuel_change", own.fuel_change),
            slider("carbon_price", own.carbon_price),
            slider("capacity_change", own.capacity_change),
            closed,
            slider(
                "dispatch_slack_weeks",
                float(own.dispatch_slack_weeks),
                high=float(max(LONGEST_SLACK, own.dispatch_slack_weeks)),
            ),
        )

    def _closable(self) -> list[str]:
        is_own = self.sites["kind"].isin(CLOSABLE)
        return self.sites.loc[is_own, "site_id"].astype(str).sort_values().tolist()

    def grid(self) -> dict[str, Sequence[Value]]:
        """Points for the explorer of a page: fuel, carbon, vehicles, and each of two warehouses closed."""
        own = self.settings
        sites = self.sites[self.sites["kind"] == "warehouse"]["site_id"].astype(str).sort_values().tolist()
        return {
            "fuel_change": _with(own.fuel_change, (-0.2, 0.0, 0.25, 0.5)),
            "carbon_price": _with(own.carbon_price, (0.0, 200.0)),
            "capacity_change": _with(own.capacity_change, (-0.6, 0.0)),
            "closed_site": tuple(dict.fromkeys([own.closed_site or NOBODY, NOBODY, *sites[:2]])),
        }

    def answer(self, settings: Settings) -> View:
        """Return the view of a setting."""
        asked = transport_under(self.settings, {name: settings[name] for name in LEVERS})
        found, base = self.linear().plan(asked), self.base()
        return View(
            settings=settings,
            tiles=self._tiles(found),
            decisions=self._decisions(found),
            limits=self._limits(self._without(asked.closed_site, found.limits)),
            chart=self._chart(base, found),
            sentence=self._sentence(base, found),
            unit="kg",
            heading="Lanes and what they carry",
            notes=self._notes(asked),
        )

    @property
    def weeks(self) -> str:
        """The span in words."""
        count = self.settings.weeks
        return f"{count} week{'' if count == 1 else 's'}"

    def _tiles(self, found: LinearPlan) -> tuple[Kpi, ...]:
        window = f"{self.weeks} from {self.plan.first_week:%-d %B %Y}, vehicles in parts"
        return (
            Kpi("freight cost", found.freight, window),
            Kpi("transport emissions", found.kg_co2e / 1000, window),
            ratio_kpi("gCO2e per t-km", 1000 * found.kg_co2e, found.tonne_km, window),
            ratio_kpi("needs met in their week", found.met, found.need, window),
        )

    def _decisions(self, found: LinearPlan) -> pd.DataFrame:
        lanes = found.lanes[(found.lanes["kg"] > _LEAST) | (found.lanes["cost"] > _LEAST)]
        return decision_rows(
            {
                "decision": lanes["lane_id"],
                "name": self._lane_names(lanes),
                "quantity": lanes["kg"],
                "money": lanes["cost"],
            }
        )

    def _lane_names(self, lanes: pd.DataFrame) -> list[str]:
        ends = zip(lanes["origin_id"], lanes["destination_id"], lanes["mode"], strict=True)
        return [
            f"{self.names.get(str(a), str(a))} → {self.names.get(str(b), str(b))} by {mode}"
            for a, b, mode in ends
        ]

    def _without(self, closed: str, limits: pd.DataFrame) -> pd.DataFrame:
        """Limits but for those of a closed site, which nobody can use."""
        if not closed or "site_id" not in limits:
            return limits
        return limits[limits["site_id"].astype("object") != closed].reset_index(drop=True)

    def _limits(self, limits: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "limit": [self._say_limit(row) for row in limits.to_dict("records")],
                "unit": limits["unit"].astype("object"),
                "used": limits["used"].astype("float64"),
                "most": limits["limit"].astype("float64"),
                "price": limits["price"].astype("float64"),
            }
        )

    def _say_limit(self, row: Mapping[object, object]) -> str:
        lanes = self.linear().problem.lanes.set_index("lane_id", drop=False)
        parts = []
        if _is_there(row.get("lane_id")):
            parts += self._lane_names(lanes.loc[[row["lane_id"]]])
        if _is_there(row.get("site_id")):
            parts.append(self.names.get(str(row["site_id"]), str(row["site_id"])))
        if _is_there(row.get("product_id")):
            parts.append(str(row["product_id"]))
        if _is_there(row.get("week")):
            monday = self.plan.first_week + pd.Timedelta(7 * round(float(str(row["week"]))), "D")
            parts.append(f"week of {monday:%-d %B}")
        return f"{row['rule']}: {', '.join(parts)}" if parts else str(row["rule"])

    def _chart(self, base: LinearPlan, found: LinearPlan) -> Chart:
        """Freight of the lanes that are dearest in the plan, and of all others."""
        both = base.lanes.assign(now=found.lanes["cost"].to_numpy())
        order = both.sort_values(["cost", "lane_id"], ascending=[False, True], ignore_index=True)
        top, rest = order.head(SHOWN_LANES), order.iloc[SHOWN_LANES:]
        labels, before, now = self._lane_names(top), top["cost"].tolist(), top["now"].tolist()
        if len(rest):
            labels, before, now = (
                [*labels, "all other lanes"],
                [*before, rest["cost"].sum()],
                [*now, rest["now"].sum()],
            )
        return Chart(
            kind="bars",
            title=f"Freight: {say(found.freight, 'money')}, planned {say(base.freight, 'money')}",
            labels=tuple(labels),
            series=(
                Series("the plan", tuple(float(one) for one in before), "plan"),
                Series("this setting", tuple(float(one) for one in now), "setting"),
            ),
            unit="money",
            axis=f"freight over {self.weeks}, money",
        )

    def _sentence(self, base: LinearPlan, found: LinearPlan) -> str:
        more = found.freight - base.freight
        said = f"Freight costs {say(found.freight, 'money')} over {self.weeks}"
        if abs(more) >= _LEAST_MONEY:
            said += f", {say(abs(more), 'money')} {'more' if more > 0 else 'less'} than planned"
        else:
            said += ", as planned"
        tonnes = f"{found.kg_co2e / 1000:,.1f} t CO2e"
        if not found.need:
            return f"{said}, and causes {tonnes}; nothing is needed in these weeks."
        met = say(found.met / found.need, "share")
        lost = base.met - found.met
        if abs(lost) < 1:
            return f"{said}, and causes {tonnes}; {met} of the needs are there in their week."
        units = f"{abs(lost):,.0f} unit{'' if round(abs(lost)) == 1 else 's'}"
        beside = f"{units} {'fewer' if lost > 0 else 'more'} than planned"
        return f"{met} of the needs are there in their week: {beside}. {said}, and causes {tonnes}."

    def _notes(self, asked: FlowSettings) -> tuple[str, ...]:
        return (*NOTES, *lever_notes(self.linear().read, asked))


_LEAST = 1e-6
_LEAST_MONEY = 0.5


def _with(own: float, values: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sorted({own, *values}))


def _is_there(value: object) -> bool:
    return value is not None and not (isinstance(value, float) and np.isnan(value))
