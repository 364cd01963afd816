"""The demo's Messages API as a test double: it also holds every request to the API's rules."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

KEY = "sk-ant-test-0123456789"

_SOURCE = Path(__file__).parents[2] / "fixtures" / "messages_api.py"


def _load() -> ModuleType:
    name = "fixtures_messages_api"
    spec = importlib.util.spec_from_file_location(name, _SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


_module = _load()
Failure, Reply, MessagesServer = _module.Failure, _module.Reply, _module.MessagesServer
events, canned = _module.events, _module.canned


def rules(request, version) -> list[str]:
    from support.messages_rules import check_request

    return check_request(request, version=version)


class MessagesApi(MessagesServer):  # type: ignore[misc, valid-type]
    """`with MessagesApi() as api:` serves; see MessagesServer for the knobs. Small prompts are cached too."""

    def __init__(self, *, port: int = 0, cache_minimum: int = 1) -> None:
        super().__init__(port=port, cache_minimum=cache_minimum)
        self.check = rules
