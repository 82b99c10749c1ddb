"""What if: move a slider beside the client, and see the decision change in money and service.

One pure function per decision answers a setting with a view; panels, scenario tables, sweeps and the explorer
of a mailed page all show views and nothing else.
"""

from helpers.whatif.controls import NOBODY, Choice, Control, Settings, Slider, Switch, Value
from helpers.whatif.decision import Decision
from helpers.whatif.view import Difference, Refusal, View, changed_decisions, compare_tiles

__all__ = [
    "NOBODY",
    "Choice",
    "Control",
    "Decision",
    "Difference",
    "Refusal",
    "Settings",
    "Slider",
    "Switch",
    "Value",
    "View",
    "changed_decisions",
    "compare_tiles",
]
