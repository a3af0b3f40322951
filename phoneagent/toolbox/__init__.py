"""The tools of an agent: Python functions, and requests to other systems. One box runs them all."""

from .box import Asked, Box, Tool
from .python import PythonTools, find_function, find_marked, python_tools, tool_spec

__all__ = ["Asked", "Box", "PythonTools", "Tool", "find_function", "find_marked", "python_tools", "tool_spec"]
