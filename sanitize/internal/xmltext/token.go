package xmltext

import (
	"errors"
	"fmt"
)

// Kind is the kind of a token.
type Kind uint8

// The kinds of tokens. An empty element tag gives a Start and an End.
const (
	Start Kind = iota + 1
	End
	Text
)

// Space is a namespace as the user of a Reader numbers it: what Options.Space returned for its name.
// None is no namespace.
type Space int32

// The numbers that a Reader gives by itself. Every other comes from Options.Space.
const (
	None    Space = 0
	Unknown Space = -1 // a namespace that Options.Space does not know
	XML     Space = -2 // http://www.w3.org/XML/1998/namespace
	XMLNS   Space = -3 // http://www.w3.org/2000/xmlns/: a namespace declaration
)

const (
	xmlURI   = "http://www.w3.org/XML/1998/namespace"
	xmlnsURI = "http://www.w3.org/2000/xmlns/"
)

// Name is a qualified name. Prefix and Local are as written; they are valid until the next call of Next.
type Name struct {
	Prefix, Local []byte
	Space         Space

	known *knownName // nil when the reader does not remember it
}

// Attr is an attribute. Value has its references replaced and its white space normalised (XML 1.0, 3.3.3).
// Of a namespace declaration the name's space is XMLNS, its local name the prefix ("" for the default namespace)
// and Bound the namespace's number.
type Attr struct {
	Name  Name
	Value []byte
	Bound Space

	look bool // the value does not stand for itself
}

// Nameless reports whether a is the declaration of a prefix for a namespace whose name stood in an entity that was dropped.
// It cannot be written again.
func (a *Attr) Nameless() bool {
	return a.Name.Space == XMLNS && len(a.Name.Local) > 0 && len(a.Value) == 0
}

// Dropped counts what a Reader left out of its tokens.
type Dropped struct {
	Comments, Instructions, Doctypes, Entities int
}

// Options bound and tune a Reader. A zero limit means its default.
type Options struct {
	MaxDepth int // of elements; default 256
	MaxToken int // bytes of one tag, comment or the like; default 32 MiB
	MaxAttrs int // of one element; default 512

	// Stop is called now and then; an error of it ends the document. Nil lets it run.
	Stop func() error

	// Space numbers namespaces: a positive number for each that matters, 0 for the others. Two names may share a
	// number, if they mean the same. Nil knows none.
	Space func(uri []byte) Space

	// Doctype lets a document type declaration be dropped and counted instead of refused. References to entities
	// other than the five are then dropped too, and counted; nothing is ever read for one.
	Doctype bool

	// VML takes an unclosed <br> for <br/>, and drops <![if …]> and <![endif]> like comments, as Office writes them in
	// its VML parts.
	VML bool
}

// The kinds of errors, for errors.Is. What is not one of them is an error of the source.
var (
	ErrSyntax = errors.New("not well-formed XML")
	ErrLimit  = errors.New("XML over a limit")
)

func syntax(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrSyntax}, args...)...)
}

func limit(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrLimit}, args...)...)
}
