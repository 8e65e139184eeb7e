"""The parent process: binds the ports, forks workers that inherit them, restarts the dead, exchanges them on reload."""

from tidegate.app.supervisor.supervisor import Plan as Plan
from tidegate.app.supervisor.supervisor import Supervisor as Supervisor

__all__ = ["Plan", "Supervisor"]
