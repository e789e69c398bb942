package pdf

// The values of ISO 32000-2 7.3. A nil value is null; booleans are bool and numbers int64 or float64.
type (
	name string
	text string // a string of either notation, decoded
	list []any
	ref  int // an object number; the generation is 0
)

// dict is a dictionary. Order does not matter to a judge; a key that stands twice is a violation when it is read.
type dict map[name]any

// stream is a stream as it stands in the file.
type stream struct {
	dict dict
	raw  []byte
}

// integer returns v as an integer that is not negative and at most limit.
func integer(v any, limit int64) (int64, bool) {
	n, ok := v.(int64)
	return n, ok && n >= 0 && n <= limit
}

// word is a keyword or an operator.
type word string
