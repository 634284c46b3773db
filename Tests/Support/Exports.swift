// The clock, the queue and the artifact store that handlers are tested with are those of our own tests, too.
@_exported public import QualiTesting
