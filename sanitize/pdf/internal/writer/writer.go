// Package writer writes a fresh PDF file: one section, objects that are no streams in object streams, one
// cross-reference stream, and an identifier that follows from what was written (ISO 32000-2 7.5).
//
//	%PDF-1.7, a line of binary as 7.5.2 asks
//	1 0 obj  streams, in the order in which they come …
//	         object streams, each with 200 of the other objects in the order of their coming
//	         the cross-reference stream
//	startxref, the offset of that, %%EOF
//
// The same calls give the same bytes.
package writer

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"strconv"

	"github.com/klauspost/compress/zlib"

	"sekisho/sanitize/pdf/internal/object"
)

const (
	header    = "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
	perStream = 200 // objects in one object stream
	level     = 5   // of compression: files come out no bigger than they went in, and more would cost more than it saves
)

// location is where an object is: at an offset, or as element index of an object stream.
type location struct {
	offset    int64
	container int // index into File.packed plus one, or 0
	index     int
	set       bool
}

// File is a PDF that is being written. Its methods return the first error of the writer below, once and for ever.
type File struct {
	w     io.Writer
	n     int64
	sum   hash.Hash
	err   error
	where []location // by object number
	buf   []byte

	heads  []byte // of the object stream that is being filled: pairs of number and offset
	bodies []byte
	count  int
	packed []packed

	Deflater
}

// Deflater compresses data for FlateDecode. The zero value is one. The same data gives the same bytes, whatever was
// compressed before.
type Deflater struct {
	flate *zlib.Writer
	out   bytes.Buffer
}

// packed is an object stream that waits for its number, which is only known when all objects are.
type packed struct {
	data         []byte
	count, first int
}

// New starts a file on w.
func New(w io.Writer) *File {
	f := &File{w: w, sum: sha256.New()}
	f.write([]byte(header))
	return f
}

func (f *File) write(b []byte) {
	if f.err != nil {
		return
	}
	f.identify(b)
	n, err := f.w.Write(b)
	f.n += int64(n)
	f.err = err
}

// longData is the length in bytes from which the checksum of data stands for them in the identifier.
const longData = 64 << 10

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// identify makes the identifier depend on b. It need tell files apart, not withstand anybody, and a scan is all pictures: of
// long data a checksum does.
func (f *File) identify(b []byte) {
	if len(b) >= longData {
		sum := binary.BigEndian.AppendUint64(nil, uint64(len(b)))
		b = binary.BigEndian.AppendUint32(sum, crc32.Checksum(b, castagnoli))
	}
	f.sum.Write(b)
}

func (f *File) place(ref object.Ref, l location) {
	for int(ref) >= len(f.where) {
		f.where = append(f.where, location{})
	}
	l.set = true
	f.where[ref] = l
}

// Object writes an object that is no stream.
func (f *File) Object(ref object.Ref, o object.Object) error {
	f.place(ref, location{container: len(f.packed) + 1, index: f.count})
	f.heads = strconv.AppendInt(f.heads, int64(ref), 10)
	f.heads = append(f.heads, ' ')
	f.heads = strconv.AppendInt(f.heads, int64(len(f.bodies)), 10)
	f.heads = append(f.heads, ' ')
	f.bodies = object.Append(f.bodies, o)
	f.bodies = append(f.bodies, ' ')
	if f.count++; f.count == perStream {
		f.pack()
	}
	return f.err
}

// pack compresses the object stream that is being filled and puts it aside.
func (f *File) pack() {
	if f.count == 0 {
		return
	}
	first := len(f.heads)
	data, err := f.Deflate(append(f.heads, f.bodies...))
	if err != nil && f.err == nil {
		f.err = err
	}
	f.packed = append(f.packed, packed{bytes.Clone(data), f.count, first})
	f.heads, f.bodies, f.count = f.heads[:0], f.bodies[:0], 0
}

// Deflate compresses data. The result is good until the next call.
func (d *Deflater) Deflate(data []byte) ([]byte, error) {
	d.out.Reset()
	if d.flate == nil {
		w, err := zlib.NewWriterLevel(&d.out, level)
		if err != nil {
			return nil, fmt.Errorf("cannot compress: %w", err)
		}
		d.flate = w
	} else {
		d.flate.Reset(&d.out)
	}
	if _, err := d.flate.Write(data); err != nil {
		return nil, fmt.Errorf("cannot compress: %w", err)
	}
	if err := d.flate.Close(); err != nil {
		return nil, fmt.Errorf("cannot compress: %w", err)
	}
	return d.out.Bytes(), nil
}

// Stream writes a stream whose data is as the Filter in dict says; Length is added.
func (f *File) Stream(ref object.Ref, dict object.Dict, data []byte) error {
	f.place(ref, location{offset: f.n})
	d := object.NewDict(append(dict[:len(dict):len(dict)], object.Entry{Key: "Length", Value: int64(len(data))}))
	b := strconv.AppendInt(f.buf[:0], int64(ref), 10)
	b = append(b, " 0 obj\n"...)
	b = object.AppendDict(b, d)
	b = append(b, "\nstream\n"...)
	f.write(b)
	f.write(data)
	f.write([]byte("\nendstream\nendobj\n"))
	f.buf = b
	return f.err
}

// Finish writes the object streams, the cross-reference stream with the trailer's entries, and the end. next is the
// first number that no object has; info may be nil.
func (f *File) Finish(next, root object.Ref, info object.Object) error {
	f.pack()
	base := next
	for i, p := range f.packed {
		d := object.Dict{
			{Key: "Filter", Value: object.Name("FlateDecode")}, {Key: "First", Value: int64(p.first)},
			{Key: "N", Value: int64(p.count)}, {Key: "Type", Value: object.Name("ObjStm")},
		}
		f.Stream(base+object.Ref(i), d, p.data)
	}
	xref := base + object.Ref(len(f.packed))
	start := f.n
	f.place(xref, location{offset: start})
	table, width := f.table(base)
	data, err := f.Deflate(table)
	if err != nil {
		return err
	}
	id := object.String(f.sum.Sum(nil)[:16])
	d := []object.Entry{
		{Key: "Type", Value: object.Name("XRef")}, {Key: "Size", Value: int64(xref) + 1},
		{Key: "Root", Value: root}, {Key: "ID", Value: object.Array{id, id}},
		{Key: "W", Value: object.Array{int64(1), int64(width), int64(2)}},
		{Key: "Filter", Value: object.Name("FlateDecode")},
		{Key: "DecodeParms", Value: object.Dict{
			{Key: "Columns", Value: int64(width) + 3}, {Key: "Predictor", Value: int64(12)}}},
	}
	if info != nil {
		d = append(d, object.Entry{Key: "Info", Value: info})
	}
	f.Stream(xref, object.NewDict(d), data)
	f.write([]byte("startxref\n" + strconv.FormatInt(start, 10) + "\n%%EOF\n"))
	return f.err
}

// table returns the rows of the cross-reference stream, each predicted from the one above as PNG does (tag 2), and the
// width of its second field.
func (f *File) table(base object.Ref) ([]byte, int) {
	width := 1
	for f.n>>(8*width) > 0 {
		width++
	}
	for int64(len(f.where))>>(8*width) > 0 {
		width++
	}
	row, above := make([]byte, width+3), make([]byte, width+3)
	var rows []byte
	for i, l := range f.where {
		clear(row)
		switch {
		case !l.set:
			if i == 0 {
				row[width+1], row[width+2] = 0xff, 0xff
			}
		case l.container > 0:
			row[0] = 2
			putInt(row[1:1+width], int64(base)+int64(l.container)-1)
			putInt(row[1+width:], int64(l.index))
		default:
			row[0] = 1
			putInt(row[1:1+width], l.offset)
		}
		rows = append(rows, 2)
		for k := range row {
			rows = append(rows, row[k]-above[k])
		}
		row, above = above, row
	}
	return rows, width
}

func putInt(b []byte, n int64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte(n)
		n >>= 8
	}
}
