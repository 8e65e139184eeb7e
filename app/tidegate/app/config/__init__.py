"""Configuration: ``load`` gives the finished ``Settings``, or all errors at once."""

from tidegate.app.config.load import Loaded as Loaded
from tidegate.app.config.load import defaults as defaults
from tidegate.app.config.load import load as load
from tidegate.app.config.problems import ConfigErrors as ConfigErrors
from tidegate.app.config.problems import Origin as Origin
from tidegate.app.config.problems import Problem as Problem
from tidegate.app.config.settings import Settings as Settings

__all__ = ["ConfigErrors", "Loaded", "Origin", "Problem", "Settings", "defaults", "load"]
