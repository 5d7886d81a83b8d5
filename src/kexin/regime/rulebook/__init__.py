"""The rulebook as a document: strict parser, check, differences."""

from kexin.regime.rulebook.findings import Finding, RulebookInvalid
from kexin.regime.rulebook.parser import Parsed, parse

__all__ = ["Finding", "Parsed", "RulebookInvalid", "parse"]
