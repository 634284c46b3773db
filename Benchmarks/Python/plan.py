"""Measures `quali-worker plan` with a pipeline of 50 actions, and with texts that are made to take long: plan.py PROGRAM [RUNS]

Prints the medians of RUNS (20) runs of the whole command: how long it took, and the processor's time, user and system.
Each hostile text is read three times; `wanted` is the exit status without which the figure would mean nothing.
"""
import os
import statistics
import sys
import tempfile
import time


def action(name, category, provider, order, owner="Custom", **members):
    text = f"{{ name: {name}, runOrder: {order}, actionTypeId: "
    text += f'{{ category: {category}, owner: {owner}, provider: {provider}, version: "1" }}'
    return text + "".join(f", {key}: {value}" for key, value in members.items()) + " }"


def pipeline(labs):
    """A source, a build, and as many times the three actions, in a stage each time."""
    stages = [
        [action("Source", "Source", "S3", 1, "AWS", outputArtifacts="[{ name: Code }]", namespace="code")],
        [action("Build", "Build", "CodeBuild", 1, "AWS", inputArtifacts="[{ name: Code }]")],
    ]
    for lab in range(labs):
        start = f"""{{ BlueprintName: Web lab, DurationInMinutes: "90", InputsJSON: '{{"Release": "#{{code.VersionId}}"}}' }}"""
        run = f"""{{ SandboxId: "#{{lab{lab}.SandboxId}}", ComponentName: web.*, CommandName: install }}"""
        end = f"""{{ SandboxId: "#{{lab{lab}.SandboxId}}" }}"""
        stages.append(
            [
                action("Start", "Deploy", "Quali-Start-Sandbox", 1, configuration=start, namespace=f"lab{lab}"),
                action("Run", "Test", "Quali-Run-Command", 2, configuration=run),
                action("End", "Deploy", "Quali-End-Sandbox", 3, configuration=end),
            ]
        )
    lines = ["name: benchmark", "stages:"]
    for number, actions in enumerate(stages):
        lines += [f"  - name: Stage{number}", "    actions:"] + [f"      - {text}" for text in actions]
    return "\n".join(lines) + "\n"


def laughs(end):
    levels = [f"a{level}: &a{level} [*a{level - 1}, *a{level - 1}]" for level in range(1, 41)]
    return "\n".join(["a0: &a0 [lol, lol]", *levels, end])


def artifacts(letter):
    return "[" + ", ".join(f"{{ name: {letter}{number} }}" for number in range(20_000)) + "]"


# Texts, and the exit status of each: 64 for what is no definition, 1 for one with errors.
HOSTILE = {
    "2 MB and a byte": ("a" * 2_000_001, 64),
    "1,000,000 brackets": ("[" * 1_000_000, 64),
    "200,000 braces": ('{"a":' * 200_000, 64),
    "500,000 dashes": ("- " * 500_000, 64),
    "500,000 question marks": ("? " * 500_000, 64),
    "aliases of aliases": (laughs("b: *a40"), 64),
    "aliases of aliases in a key": (laughs("? *a40 : 1"), 64),
    "an alias of itself": ("a: &a [*a]", 64),
    "a list of 300,000 words": ("[" + "a, " * 300_000 + "]", 64),
    "300,000 stages that are words": ("pipeline: { stages: [" + "a, " * 300_000 + "] }", 1),
    "150,000 actions that are lists": ("pipeline: { stages: [{ actions: [" + "[], " * 150_000 + "] }] }", 1),
    "500,000 beginnings of variables": (
        "pipeline: { stages: [{ actions: [{ configuration: { a: '" + "#{" * 500_000 + "' } }] }] }",
        1,
    ),
    "20,000 artifacts that nobody makes": (
        f"pipeline: {{ stages: [{{ actions: [{{ inputArtifacts: {artifacts('i')}, outputArtifacts: {artifacts('o')} }}] }}] }}",
        1,
    ),
    "1,000 keys that are there twice": ("pipeline: { stages: []" + ", k: 1" * 1_000 + " }", 64),
}


def run(program, text):
    """The seconds and the processor's seconds of one run, with its exit status."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        begin = time.monotonic()
        with open(os.devnull, "w") as nothing:
            child = os.posix_spawn(
                program,
                [program, "plan", file.name, "--offline"],
                {},
                file_actions=[(os.POSIX_SPAWN_DUP2, nothing.fileno(), 1), (os.POSIX_SPAWN_DUP2, nothing.fileno(), 2)],
            )
        _, status, usage = os.wait4(child, 0)
        return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, os.waitstatus_to_exitcode(status)


def report(name, program, text, wanted, runs):
    figures = [run(program, text) for _ in range(runs)]
    for _, _, status in figures:
        if status != wanted:
            sys.exit(f"{name}: the exit status is {status}, but {wanted} was wanted")
    wall, processor = (statistics.median(figure[column] * 1000 for figure in figures) for column in (0, 1))
    print(f"{name:<34} {len(text.encode()) / 1000:>9.1f} {wall:>9.0f} {processor:>9.0f}", flush=True)


program = sys.argv[1]
runs = int(sys.argv[2]) if len(sys.argv) > 2 else 20
print(f"{'':<34} {'kB':>9} {'ms':>9} {'CPU ms':>9}")
report("50 actions", program, pipeline(16), 0, runs)
for name, (text, wanted) in HOSTILE.items():
    report(name, program, text, wanted, 3)
