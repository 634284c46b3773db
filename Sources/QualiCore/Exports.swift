// Who embeds the whole worker needs the engine's names as well: its handlers, its journal, its settings.
@_exported public import JobEngine
