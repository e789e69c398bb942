// Package pipeline is the only place that knows the order of the steps. It joins the strangers: transfer brings files
// in and carries them across, queue keeps them and schedules, sanitize (in a child process, by way of worker) rebuilds
// and judges.
//
//	inbox ─► Take: spool, record, publish ─► sanitise: rebuild ∥ scan ─► scan rebuilt ─► judge ─► seal ─► send: link ─► receiver
//	                                             │           │               │            │
//	                                             └───────────┴── hold ◄──────┴────────────┘
//
// Promises. Each step records what it did before its effect leaves this machine. Each step can be repeated after a
// crash: what it finds done, it does not do again. The only bytes that are ever sealed are the output of a format's
// writer that every scanner and the independent judge passed, or an original that two people released (例外措置).
package pipeline
