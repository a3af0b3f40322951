"""What `POST /v1/chat/completions` accepts, as strictly as OpenAI: 400 for an unknown field, a missing tool result."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from .openai_models import Rules, rules_of
from .openai_schema import DESCRIPTION, refusal

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
Count = Annotated[int, msgspec.Meta(ge=1)]


class RequestError(Exception):
    """The request is refused; `param` and `code` as in OpenAI's error object."""

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.param = param
        self.code = code
        self.status = status


class TextPart(msgspec.Struct, tag_field="type", tag="text", forbid_unknown_fields=True):
    text: str


Content: TypeAlias = str | list[TextPart]


class SystemMessage(msgspec.Struct, tag_field="role", tag="system", forbid_unknown_fields=True):
    content: Content
    name: str | None = None


class DeveloperMessage(msgspec.Struct, tag_field="role", tag="developer", forbid_unknown_fields=True):
    content: Content
    name: str | None = None


class UserMessage(msgspec.Struct, tag_field="role", tag="user", forbid_unknown_fields=True):
    content: Content
    name: str | None = None


class FunctionCall(msgspec.Struct, forbid_unknown_fields=True):
    name: Name
    arguments: str


class ToolCallPart(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    type: Literal["function"]
    function: FunctionCall


class AssistantMessage(msgspec.Struct, tag_field="role", tag="assistant", forbid_unknown_fields=True):
    content: Content | None = None
    refusal: str | None = None
    name: str | None = None
    tool_calls: Annotated[list[ToolCallPart], msgspec.Meta(min_length=1)] | None = None


class ToolMessage(msgspec.Struct, tag_field="role", tag="tool", forbid_unknown_fields=True):
    content: Content
    tool_call_id: str


AnyMessage: TypeAlias = SystemMessage | DeveloperMessage | UserMessage | AssistantMessage | ToolMessage


class Function(msgspec.Struct, forbid_unknown_fields=True):
    name: Name
    description: str = ""
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["function"]
    function: Function


class NamedFunction(msgspec.Struct, forbid_unknown_fields=True):
    name: Name


class NamedTool(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["function"]
    function: NamedFunction


class StreamOptions(msgspec.Struct, forbid_unknown_fields=True):
    include_usage: bool = False
    include_obfuscation: bool = True


class CacheOptions(msgspec.Struct, forbid_unknown_fields=True):
    mode: Literal["implicit", "explicit"] = "implicit"
    ttl: Literal["30m"] = "30m"


class ChatRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The fields that a telephone agent has a use for; audio, images and old function calls are not among them."""

    model: str
    messages: Annotated[list[AnyMessage], msgspec.Meta(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: Annotated[list[Tool], msgspec.Meta(min_length=1, max_length=128)] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    max_completion_tokens: Count | None = None
    max_tokens: Count | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    presence_penalty: Annotated[float, msgspec.Meta(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, msgspec.Meta(ge=-2, le=2)] | None = None
    logit_bias: dict[str, int] | None = None
    n: Literal[1] | None = None
    seed: int | None = None
    stop: str | Annotated[list[str], msgspec.Meta(max_length=4)] | None = None
    response_format: dict[str, Any] | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast"] | None = None
    prompt_cache_key: str | None = None
    prompt_cache_options: CacheOptions | None = None
    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    safety_identifier: str | None = None
    user: str | None = None
    store: bool | None = None
    metadata: dict[str, str] | None = None

    @property
    def token_limit(self) -> int | None:
        return self.max_completion_tokens or self.max_tokens

    @property
    def offered(self) -> frozenset[str]:
        """Names of the tools that may be called."""
        if self.tool_choice == "none":
            return frozenset()
        return frozenset(tool.function.name for tool in self.tools or ())


_DECODER = msgspec.json.Decoder(ChatRequest)


def read_request(body: bytes, models: Sequence[str]) -> ChatRequest:
    """Raises `RequestError`."""
    try:
        request = _DECODER.decode(body)
    except msgspec.ValidationError as exc:
        raise _unreadable(exc) from exc
    except msgspec.DecodeError as exc:
        raise RequestError(f"We could not parse the JSON body of your request: {exc}") from exc
    if request.model not in models:
        raise RequestError(
            f"The model `{request.model}` does not exist or you do not have access to it.",
            code="model_not_found",
            status=404,
        )
    if (rules := rules_of(request.model)) is not None:
        _check_model(request, rules)
    if request.stream_options is not None and not request.stream:
        raise RequestError(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options"
        )
    _check_tools(request)
    _check_order(request.messages)
    return request


def text_of(content: Content | None) -> str:
    if isinstance(content, list):
        return "".join(part.text for part in content)
    return content or ""


def _unreadable(exc: msgspec.ValidationError) -> RequestError:
    message = str(exc)
    unknown = re.search(r"unknown field `(.+?)`", message)
    if unknown is not None:
        return RequestError(f"Unknown parameter: {message}", param=unknown[1], code="unknown_parameter")
    path = re.search(r"`\$\.?(.*?)`$", message)
    return RequestError(f"Invalid request: {message}", param=path[1] if path else None, code="invalid_value")


WHILE_REASONING = {"temperature": 1, "top_p": 1, "presence_penalty": 0, "frequency_penalty": 0}
"""The only values that a model takes while it reasons (developers.openai.com/api/docs/guides/latest-model)."""

NEVER_REASONING = ("stop", "logit_bias")  # that models which can reason do not take at all (bolna-ai/bolna#1019)


def _check_model(request: ChatRequest, rules: Rules) -> None:
    """Refuse what this model does not take, in the vendor's words."""
    model, effort = request.model, request.reasoning_effort
    if rules.responses_only:
        raise RequestError(
            "This model is only supported in v1/responses and not in v1/chat/completions.", param="model", status=404
        )
    if request.max_tokens is not None and not rules.max_tokens:
        raise _unsupported("max_tokens", " Use 'max_completion_tokens' instead.")
    if effort is not None and not rules.efforts:
        raise _unsupported("reasoning_effort")
    if effort is not None and effort not in rules.efforts:
        raise _unsupported_value("reasoning_effort", effort, f"Supported values are: {_listed(rules.efforts)}.")
    if request.verbosity not in (None, "medium") and not rules.verbosity:
        raise _unsupported_value("verbosity", request.verbosity, "Supported values are: 'medium'.")
    if request.parallel_tool_calls is not None and not rules.parallel_tool_calls:
        raise _unsupported("parallel_tool_calls")
    if request.tools and not _tools_go_with(effort, rules):
        mend = (
            "Please use /v1/responses instead."
            if rules.tools == "none"
            else "To use function tools, use /v1/responses or set reasoning_effort to 'none'."
        )
        raise RequestError(
            f"Function tools with reasoning_effort are not supported for {model} in /v1/chat/completions. {mend}",
            param="reasoning_effort",
        )
    _check_sampling(request, rules)


def _tools_go_with(effort: str | None, rules: Rules) -> bool:
    return rules.tools == "any" or (effort or rules.default) == "none"


def _check_sampling(request: ChatRequest, rules: Rules) -> None:
    if not rules.efforts:
        return
    for name in NEVER_REASONING:
        if getattr(request, name) is not None:
            raise _unsupported(name)
    if (request.reasoning_effort or rules.default) == "none":
        return
    for name, only in WHILE_REASONING.items():
        if (value := getattr(request, name)) not in (None, only):
            raise _unsupported_value(name, f"{value:g}", f"Only the default ({only}) value is supported.")


def _unsupported(name: str, mend: str = "") -> RequestError:
    problem = f"Unsupported parameter: '{name}' is not supported with this model.{mend}"
    return RequestError(problem, param=name, code="unsupported_parameter")


def _unsupported_value(name: str, value: object, mend: str) -> RequestError:
    shown = value if name == "temperature" else f"'{value}'"
    problem = f"Unsupported value: '{name}' does not support {shown} with this model. {mend}"
    return RequestError(problem, param=name, code="unsupported_value")


def _listed(values: Sequence[str]) -> str:
    quoted = [f"'{value}'" for value in values]
    return ", ".join(quoted[:-1]) + f", and {quoted[-1]}" if len(quoted) > 1 else quoted[0]


def _check_tools(request: ChatRequest) -> None:
    if request.tools is None:
        for name in ("tool_choice", "parallel_tool_calls"):
            if getattr(request, name) is not None:
                raise RequestError(f"'{name}' is only allowed when 'tools' are specified.", param=name)
    if isinstance(request.tool_choice, NamedTool) and request.tool_choice.function.name not in request.offered:
        raise RequestError("'tool_choice' names a function that is not among 'tools'.", param="tool_choice")
    for index, tool in enumerate(request.tools or ()):
        function, place = tool.function, f"tools[{index}].function"
        if len(function.description) > DESCRIPTION:
            raise RequestError(
                f"Invalid '{place}.description': string too long. Expected a string with maximum length {DESCRIPTION}, "
                f"but got a string with length {len(function.description)} instead.",
                param=f"{place}.description",
                code="string_above_max_length",
            )
        if function.parameters is None:  # it has none
            continue
        if problem := refusal(function.parameters, strict=bool(function.strict)):
            raise RequestError(
                f"Invalid schema for function '{function.name}': {problem}",
                param=f"{place}.parameters",
                code="invalid_function_parameters",
            )


def _check_order(messages: Sequence[AnyMessage]) -> None:
    """Each tool call is answered, at once, and nothing else is answered."""
    waiting: list[str] = []
    for index, message in enumerate(messages):
        if isinstance(message, ToolMessage):
            if message.tool_call_id not in waiting:
                raise RequestError(
                    "Invalid parameter: messages with role 'tool' must be a response to a preceding message with "
                    f"'tool_calls' (no open call '{message.tool_call_id}').",
                    param=f"messages.[{index}].role",
                )
            waiting.remove(message.tool_call_id)
            continue
        _nothing_waits(waiting)
        if isinstance(message, AssistantMessage):
            if message.content is None and message.tool_calls is None and message.refusal is None:
                raise RequestError(
                    "Invalid value for 'content': expected a string, got null.", param=f"messages.[{index}].content"
                )
            waiting = [call.id for call in message.tool_calls or ()]
            if len(set(waiting)) < len(waiting):
                raise RequestError("Duplicate tool call ids.", param=f"messages.[{index}].tool_calls")
    _nothing_waits(waiting)


def _nothing_waits(waiting: list[str]) -> None:
    if waiting:
        raise RequestError(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(waiting)}",
            param="messages",
        )
