package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

	"sekisho/sanitize/pdf/internal/object"
)

// Open reads data by the letter, or else with pdfcpu. The password is tried as the user's and as the owner's.
func Open(ctx context.Context, data []byte, password string, limits Limits) (*Document, error) {
	if doc := strict(ctx, data, limits); doc != nil {
		return doc, nil
	}
	return tolerant(ctx, data, password, limits)
}

// tolerant reads data with pdfcpu.
func tolerant(ctx context.Context, data []byte, password string, limits Limits) (doc *Document, err error) {
	defer func() {
		if p := recover(); p != nil { // pdfcpu panics on some broken files; what it left behind is thrown away
			doc, err = nil, fmt.Errorf("cannot read PDF: panic: %v", p)
		}
	}()
	read, err := parse(ctx, data, password, limits)
	if err == nil && read.E == nil || err != nil && !errors.Is(err, ErrPassword) {
		closed, serr := sealed(ctx, data, limits)
		if serr != nil {
			return nil, fmt.Errorf("cannot read PDF: %w", serr)
		}
		if closed {
			read, data, err = parseSealed(ctx, data, password, limits)
		}
	}
	if err != nil {
		return nil, err
	}
	c := converter{ctx: ctx, table: read.XRefTable.Table, depth: limits.Nesting}
	doc = &Document{
		Root:      object.Ref(read.Root.ObjectNumber),
		Encrypted: read.E != nil,
		Damaged:   !sound(data, read),
		Lost:      !legible(data, read, limits),
		load:      c.load,
		cache:     make(map[object.Ref]object.Object, len(c.table)),
	}
	if read.Info != nil {
		doc.Info = object.Ref(read.Info.ObjectNumber)
	}
	for n := range c.table {
		doc.next = max(doc.next, object.Ref(n)+1)
	}
	return doc, nil
}

// parse reads data with pdfcpu.
func parse(ctx context.Context, data []byte, password string, limits Limits) (*model.Context, error) {
	reading, cancel := context.WithTimeout(ctx, limits.Time)
	defer cancel()
	read, err := pdfcpu.ReadWithContext(reading, bytes.NewReader(data), configuration(password, data, limits))
	if errors.Is(err, pdfcpu.ErrWrongPassword) {
		return nil, ErrPassword
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read PDF: %v", err)
	}
	if read.Root == nil {
		return nil, errors.New("cannot read PDF: no catalog")
	}
	return read, nil
}

// parseSealed reads data whose encryption dictionary pdfcpu does not see where it is. It returns what was read in its
// place, which has that dictionary as an object.
func parseSealed(ctx context.Context, data []byte, password string, limits Limits) (*model.Context, []byte, error) {
	unknown := fmt.Errorf("%w: or the encryption is of an unknown kind", ErrPassword)
	longer, ok := withEncryptionObject(data, limits)
	if !ok {
		return nil, nil, unknown
	}
	read, err := parse(ctx, longer, password, limits)
	if err != nil && !errors.Is(err, ErrPassword) || err == nil && read.E == nil {
		return nil, nil, unknown
	}
	return read, longer, err
}

// configuration is written out in full, so that pdfcpu looks for no configuration file.
func configuration(password string, data []byte, limits Limits) *model.Configuration {
	size, unpacked := int64(len(data)), unpackLimit(data, limits)
	return &model.Configuration{
		Reader15:       true,
		Offline:        true,
		ValidationMode: model.ValidationRelaxed,
		UserPW:         password,
		OwnerPW:        password,
		Limits: model.ResourceLimits{
			MaxStreamBytes:       size,
			MaxDecodeBytes:       unpacked,
			MaxImagePixels:       1,
			MaxImageBytes:        1,
			MaxObjectCount:       limits.Objects,
			MaxObjectStreamCount: limits.Objects,
			MaxObjectStreamFirst: unpacked,
			MaxXRefEntries:       limits.Objects,
			MaxRecursionDepth:    limits.Nesting,
		},
	}
}

// The bounds of what one object stream may unpack to, and all of them together. pdfcpu unpacks them all and counts none.
const (
	unpackLeast = 1 << 20
	unpackMost  = 32 << 20
	unpackAll   = 512 << 20
)

// unpackLimit returns what each object stream of a file may unpack to, by how many it may have. The name may be spelled
// with escapes, so those of its letters are counted too.
func unpackLimit(data []byte, limits Limits) int64 {
	n := int64(bytes.Count(data, []byte("ObjStm"))) + escapes(data)
	return min(limits.Bytes, max(unpackLeast, min(unpackMost, unpackAll/(n+1))))
}

// escapes counts the letters of ObjStm that are written as escapes (ISO 32000-2 7.3.5).
func escapes(data []byte) (n int64) {
	for {
		i := bytes.IndexByte(data, '#')
		if i < 0 || len(data) < i+3 {
			return n
		}
		switch string(data[i+1 : i+3]) {
		case "4f", "4F", "62", "6a", "6A", "53", "74", "6d", "6D":
			n++
		}
		data = data[i+1:]
	}
}

// converter turns pdfcpu's objects into ours, each when it is first asked for.
type converter struct {
	ctx   context.Context
	table map[int]*model.XRefTableEntry
	depth int
}

func (c converter) load(r object.Ref) (o object.Object, err error) {
	defer func() {
		if p := recover(); p != nil {
			o, err = nil, fmt.Errorf("panic: %v", p)
		}
	}()
	entry := c.table[int(r)]
	if entry == nil || entry.Free {
		return nil, nil
	}
	src := entry.Object
	if lazy, ok := src.(types.LazyObjectStreamObject); ok {
		if src, err = lazy.DecodedObject(c.ctx); err != nil {
			return nil, err
		}
	}
	return c.convert(src, 0)
}

func (c converter) convert(src types.Object, depth int) (object.Object, error) {
	if depth > c.depth {
		return nil, fmt.Errorf("%w: nested deeper than %d", ErrLimit, c.depth)
	}
	switch v := src.(type) {
	case types.Boolean:
		return bool(v), nil
	case types.Integer:
		return int64(v), nil
	case types.Float:
		return float64(v), nil
	case types.Name:
		return object.Name(v), nil
	case types.StringLiteral:
		s, _ := object.Literal(nil, []byte("("+string(v)+")"), 0)
		return object.String(s), nil
	case types.HexLiteral:
		s, _ := object.Hex(nil, []byte("<"+string(v)+">"), 0)
		return object.String(s), nil
	case types.IndirectRef:
		return object.Ref(v.ObjectNumber), nil
	case types.Array:
		return c.array(v, depth)
	case types.Dict:
		return c.dict(v, depth)
	case types.StreamDict:
		return c.stream(v.Dict, v.Raw, depth)
	case *types.StreamDict:
		return c.stream(v.Dict, v.Raw, depth)
	}
	return nil, nil // null, and pdfcpu's own kinds: object and cross-reference streams are no part of the document
}

func (c converter) array(src types.Array, depth int) (object.Object, error) {
	a := make(object.Array, len(src))
	for i, v := range src {
		o, err := c.convert(v, depth+1)
		if err != nil {
			return nil, err
		}
		a[i] = o
	}
	return a, nil
}

func (c converter) dict(src types.Dict, depth int) (object.Dict, error) {
	entries := make([]object.Entry, 0, len(src))
	for k, v := range src {
		o, err := c.convert(v, depth+1)
		if err != nil {
			return nil, err
		}
		if o != nil {
			entries = append(entries, object.Entry{Key: object.Name(k), Value: o})
		}
	}
	return object.NewDict(entries), nil
}

func (c converter) stream(src types.Dict, raw []byte, depth int) (object.Object, error) {
	d, err := c.dict(src, depth)
	if err != nil {
		return nil, err
	}
	return &object.Stream{Dict: d, Raw: raw}, nil
}
