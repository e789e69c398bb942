package wire

// Arguments of the child program. With none it is a child that enters the whole sandbox by itself.
const (
	// StarterArg makes it the starter: the process that clones children for a pool. The arguments after it are given to
	// each child.
	StarterArg = "starter"

	// ProbeArg makes it try its sandbox instead of waiting for a file.
	ProbeArg = "probe"

	// LandlockedArg tells it that it was born inside Landlock.
	LandlockedArg = "landlocked"
)

// Orders to the starter, one byte each, with the child's stderr and its end of the socket pair beside it. The answer is
// the process id of the child, four bytes, big endian; or zero and the text of an error.
const (
	StartInNamespaces = 'N'
	StartPlain        = 'P'
)

// MaxStartAnswer bounds an answer of the starter, in bytes.
const MaxStartAnswer = 512
