"""The desk that a consultant works at: a client's folder, working copies of the notebooks, JupyterLab."""

from helpers.desk.client import new_client
from helpers.desk.lab import Desk, lab_command, open_lab, prepare_desk

__all__ = ["Desk", "lab_command", "new_client", "open_lab", "prepare_desk"]
