package pipeline

import (
	"sekisho/sanitize"
	"sekisho/sanitize/formats"
)

// Engine returns an engine that knows every format's names. It is for names only: no hostile byte is opened in this
// process, the child has an engine of its own.
func Engine() (*sanitize.Engine, error) { return sanitize.NewEngine(formats.All(), sanitize.Naming{}) }
