"""Draws what the program Jobs prints as an SVG of small charts: chart.py endless|growth FIGURES >SVG"""
import math
import sys
from html import escape

WIDTH, HEIGHT, COLUMNS = 300, 190, 3
LEFT, RIGHT, TOP, BOTTOM = 52, 18, 40, 34
COLORS = ["#0b6e4f", "#b4540a"]


def text(x, y, content, anchor="middle", size=11, color="#333", weight="normal"):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{color}" '
        f'font-weight="{weight}">{escape(content)}</text>'
    )


def short(value):
    if value >= 1000 and value % 1000 == 0:
        return f"{value / 1000:,.0f}k"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


class Linear:
    """An axis from 0 to a round number above the greatest value, or to that value itself."""

    def __init__(self, values, is_round=True):
        top = max(max(values), 1e-9)
        step = 10.0 ** math.floor(math.log10(top))
        step = next(step * part for part in (0.2, 0.25, 0.5, 1, 2, 5) if step * part * 5 >= top)
        self.ticks = [step * number for number in range(math.ceil(top / step - 1e-9) + 1)]
        if not is_round:
            self.ticks = [tick for tick in self.ticks if tick <= top]

    def place(self, value):
        return value / self.ticks[-1]


class Logarithmic:
    """An axis of powers of ten, each a step."""

    def __init__(self, values):
        values = [value for value in values if value > 0]
        self.low = math.floor(math.log10(min(values)) + 1e-9)
        high = max(math.ceil(math.log10(max(values)) - 1e-9), self.low + 1)
        self.ticks = [10.0**power for power in range(self.low, high + 1)]

    def place(self, value):
        # What was too little to be measured lies on the lowest line.
        return (math.log10(max(value, self.ticks[0])) - self.low) / (len(self.ticks) - 1)


def chart(title, lines, x_axis, y_axis):
    """Draws lines, each a list of points."""

    def at(x, y):
        return (
            LEFT + x_axis.place(x) * (WIDTH - RIGHT - LEFT),
            HEIGHT - BOTTOM - y_axis.place(y) * (HEIGHT - BOTTOM - TOP),
        )

    parts = [text(LEFT, 20, title, "start", 12, weight="bold")]
    for tick in y_axis.ticks:
        y = at(x_axis.ticks[0], tick)[1]
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(text(LEFT - 6, y + 4, short(tick), "end"))
    for tick in x_axis.ticks:
        parts.append(text(at(tick, y_axis.ticks[0])[0], HEIGHT - BOTTOM + 16, short(tick)))
    for points, color in zip(lines, COLORS):
        places = [at(*point) for point in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        if len(places) < 10:
            parts.extend(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in places)
    return parts


def page(charts, foot, sides=()):
    rows = math.ceil(len(charts) / COLUMNS)
    width, height = WIDTH * COLUMNS, HEIGHT * rows + 20
    print(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="system-ui, sans-serif"><rect width="100%" height="100%" fill="#fff"/>'
    )
    for number, parts in enumerate(charts):
        x, y = number % COLUMNS * WIDTH, number // COLUMNS * HEIGHT
        print(f'<g transform="translate({x} {y})">', *parts, "</g>", sep="\n")
    for number, (side, color) in enumerate(zip(sides, COLORS)):
        print(text(LEFT + 110 * number, height - 8, f"● {side}", "start", color=color, weight="bold"))
    print(text(width - RIGHT, height - 8, foot, "end", color="#666"), "</svg>", sep="\n")


def endless(file):
    rows = [[float(word) for word in line.split()] for line in file if line.count(" ") == 6]
    titles = ["Memory, MiB", "Open files", "Threads", "State folder, MiB", "Log, bytes a job", "Jobs a second"]
    columns = [2, 3, 4, 5, 6, 1]
    x_axis = Linear([rows[-1][0]], is_round=False)
    page(
        [
            chart(title, [[(row[0], row[column]) for row in rows]], x_axis, Linear([row[column] for row in rows]))
            for title, column in zip(titles, columns)
        ],
        "jobs so far, from left to right",
    )


def growth(file):
    """Each line names a side, a scenario and a number of jobs, before the scenario's figures."""
    rows = [line.split() for line in file]
    sides = list(dict.fromkeys(row[0] for row in rows))

    def draw(title, scenario, column, axis):
        lines = [
            [(float(row[2]), float(row[3 + column])) for row in rows if row[:2] == [side, scenario]] for side in sides
        ]
        x_axis = Logarithmic([x for line in lines for x, _ in line])
        return chart(title, lines, x_axis, axis([y for line in lines for _, y in line]))

    page(
        [
            draw("Commands: CPU ms a job", "commands", 1, Logarithmic),
            draw("Commands: jobs a second", "commands", 0, Logarithmic),
            draw("Commands: peak of memory, MiB", "commands", 4, Linear),
            draw("Waiting: memory, MiB", "waiting", 0, Logarithmic),
            draw("Waiting: % of a core", "waiting", 3, Logarithmic),
            draw("Waiting: lab calls a minute and job", "waiting", 4, Logarithmic),
        ],
        "jobs, from left to right",
        sides,
    )


with open(sys.argv[2]) as figures:
    {"endless": endless, "growth": growth}[sys.argv[1]](figures)
