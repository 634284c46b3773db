"""Draws what the program Jobs prints for its scenario endless as an SVG of small charts: chart.py FIGURES >SVG"""
import math
import sys
from html import escape

WIDTH, HEIGHT, COLUMNS = 300, 190, 3
LEFT, RIGHT, TOP, BOTTOM = 46, 18, 40, 34
COLOR = "#0b6e4f"


def text(x, y, content, anchor="middle", size=11, color="#333", weight="normal"):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{color}" '
        f'font-weight="{weight}">{escape(content)}</text>'
    )


def short(value):
    if value >= 1000 and value % 1000 == 0:
        return f"{value / 1000:,.0f}k"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def steps(values):
    """Round numbers from 0 to the greatest value."""
    top = max(max(values), 1e-9)
    step = 10.0 ** math.floor(math.log10(top))
    step = next(step * part for part in (0.2, 0.25, 0.5, 1, 2, 5) if step * part * 5 >= top)
    return [step * number for number in range(math.ceil(top / step - 1e-9) + 1)]


def chart(title, points, x_ticks):
    y_ticks = steps([y for _, y in points])

    def at(x, y):
        return (
            LEFT + x / x_ticks[-1] * (WIDTH - RIGHT - LEFT),
            HEIGHT - BOTTOM - y / y_ticks[-1] * (HEIGHT - BOTTOM - TOP),
        )

    parts = [text(LEFT, 20, title, "start", 12, weight="bold")]
    for tick in y_ticks:
        y = at(0, tick)[1]
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(text(LEFT - 6, y + 4, short(tick), "end"))
    for tick in x_ticks:
        parts.append(text(at(tick, 0)[0], HEIGHT - BOTTOM + 16, short(tick)))
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in points))
    parts.append(f'<polyline points="{path}" fill="none" stroke="{COLOR}" stroke-width="2"/>')
    return parts


def page(charts, foot):
    rows = math.ceil(len(charts) / COLUMNS)
    width, height = WIDTH * COLUMNS, HEIGHT * rows + 20
    print(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="system-ui, sans-serif"><rect width="100%" height="100%" fill="#fff"/>'
    )
    for number, parts in enumerate(charts):
        x, y = number % COLUMNS * WIDTH, number // COLUMNS * HEIGHT
        print(f'<g transform="translate({x} {y})">', *parts, "</g>", sep="\n")
    print(text(width - RIGHT, height - 8, foot, "end", color="#666"), "</svg>", sep="\n")


def endless(file):
    rows = [[float(word) for word in line.split()] for line in file if line.count(" ") == 6]
    titles = ["Memory, MiB", "Open files", "Threads", "State folder, MiB", "Log, bytes a job", "Jobs a second"]
    columns = [2, 3, 4, 5, 6, 1]
    ticks = [tick for tick in steps([rows[-1][0]]) if tick <= rows[-1][0]]
    page(
        [chart(title, [(row[0], row[column]) for row in rows], ticks) for title, column in zip(titles, columns)],
        "jobs so far, from left to right",
    )


with open(sys.argv[1]) as file:
    endless(file)
