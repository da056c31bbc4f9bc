"""Metric math: numbers, the ids of other queries, + - * / and brackets, and a few functions. Anything else of AWS's
language is not served.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from outfall.core.errors import NotServed
from outfall.services.cloudwatch.errors import ValidationError

Line = dict[int, float]
"""Values by time."""

Value = Line | float | list[Line]
OPERATORS: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda left, right: left / right if right else math.nan,
}
FUNCTIONS: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "AVG": lambda values: sum(values) / len(values),
    "MIN": min,
    "MAX": max,
}
"""What several lines come to at each time; of one line, what all its values come to."""


def evaluate(expression: str, lines: Mapping[str, Line], metrics: Mapping[str, Line]) -> Line:
    """The line that an expression makes of others: `lines` by id, `metrics` those that are no expressions.

    Raises `ValidationError` for what does not read, `NotServed` for functions that are not here.
    """
    if expression.lstrip()[:6].upper() == "SELECT":
        raise NotServed("Queries of Metrics Insights are not served by this version of Outfall.")
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
        value = _Evaluation(lines, metrics).of(tree)
    except (SyntaxError, RecursionError, MemoryError, OverflowError):
        raise ValidationError(f"Error in expression: {expression}") from None
    if not isinstance(value, dict):
        raise ValidationError("The expression must return a time series.")
    return {at_ms: one for at_ms, one in value.items() if math.isfinite(one)}


class _Evaluation:
    def __init__(self, lines: Mapping[str, Line], metrics: Mapping[str, Line]) -> None:
        self._lines = lines
        self._metrics = metrics

    def of(self, node: ast.AST) -> Value:
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return float(node.value)  # type: ignore[arg-type]
        if isinstance(node, ast.Name):
            if node.id not in self._lines:
                raise ValidationError(f"Unknown id in expression: {node.id}")
            return self._lines[node.id]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return _combine(operator.sub, 0.0, self.of(node.operand))
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            return _combine(OPERATORS[type(node.op)], self.of(node.left), self.of(node.right))
        if isinstance(node, ast.List):
            return [one for one in map(self.of, node.elts) if isinstance(one, dict)]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._call(node.func.id, node.args)
        raise NotServed("This metric math expression is not served by this version of Outfall.")

    def _call(self, name: str, arguments: list[Any]) -> Value:
        if name == "METRICS" and not arguments:
            return list(self._metrics.values())
        if name == "FILL" and len(arguments) == 2:
            return self._fill(*map(self.of, arguments))
        if name not in FUNCTIONS or len(arguments) != 1:
            raise NotServed(f"The metric math function {name} is not served by this version of Outfall.")
        value, function = self.of(arguments[0]), FUNCTIONS[name]
        if isinstance(value, list):
            times = sorted({at_ms for line in value for at_ms in line})
            return {at_ms: function([line[at_ms] for line in value if at_ms in line]) for at_ms in times}
        if isinstance(value, dict):
            return function(list(value.values())) if value else math.nan
        raise ValidationError(f"{name} needs a time series.")

    def _fill(self, line: Value, default: Value) -> Value:
        """Times at which any line of the request has a value get one here."""
        if not isinstance(line, dict) or not isinstance(default, float):
            raise NotServed("FILL is served for one time series and a number.")
        times = {at_ms for one in self._lines.values() for at_ms in one}
        return {at_ms: line.get(at_ms, default) for at_ms in sorted(times)}


def _combine(apply: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """Number by number; where both are lines, at the times that both have."""
    if isinstance(left, list) or isinstance(right, list):
        raise NotServed("Arithmetic on lists of time series is not served.")
    if isinstance(left, dict):
        if isinstance(right, dict):
            return {at_ms: apply(value, right[at_ms]) for at_ms, value in left.items() if at_ms in right}
        return {at_ms: apply(value, right) for at_ms, value in left.items()}
    if isinstance(right, dict):
        return {at_ms: apply(left, value) for at_ms, value in right.items()}
    return apply(left, right)
