"""Ends the runs of processes that are gone.

A power cut, `kill -9` and a full disk leave no chance to record the end of a run: MLflow would show it as running for
ever. Each run has the tag of its process, and the next run of the experiment on the same machine looks for it.
"""

from __future__ import annotations

import os
import socket

from mlflow import MlflowClient

PROCESS = "process"
"The tag: host name and process id."


def describe_process() -> str:
    """The tag of the runs of this process: 'web1 4711'."""
    return f"{socket.gethostname()} {os.getpid()}"


def end_abandoned(client: MlflowClient, experiment_id: str) -> None:
    """Record as KILLED the running runs of an experiment whose process, on this machine, is gone."""
    for run in client.search_runs([experiment_id], "attributes.status = 'RUNNING'"):
        host, _, number = run.data.tags.get(PROCESS, "").rpartition(" ")
        if host == socket.gethostname() and number.isdecimal() and not _is_alive(int(number)):
            client.set_terminated(run.info.run_id, "KILLED")


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # It is another user's.
        return True
    return True
