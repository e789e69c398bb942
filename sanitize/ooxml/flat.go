package ooxml

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/internal/zipfile"
)

// Flat is a package written as one XML file ("flat OPC", MS-DOCX has it as Word XML document): its parts stand in it as
// XML or base64. It becomes the package that it stands for, rebuilt by the same rules.
type Flat struct{}

var _ sanitize.Format = Flat{}

const nsFlat = "http://schemas.microsoft.com/office/2006/xmlPackage"

// Info implements sanitize.Format.
func (Flat) Info() sanitize.Info {
	return sanitize.Info{
		ID: "flat-opc", Name: "Word XML ドキュメント / Word XML document", Extensions: []string{"xml"}, MIME: "application/xml", Refines: "txt",
	}
}

// Detect implements sanitize.Format.
func (Flat) Detect(in sanitize.Input) bool {
	head := bytes.ReplaceAll(in.Head(4096), []byte{0}, nil) // UTF-16 too
	head = bytes.TrimLeft(head, "\xef\xbb\xbf\xff\xfe \t\r\n")
	return bytes.HasPrefix(head, []byte("<")) && bytes.Contains(head, []byte(nsFlat))
}

// Rebuild implements sanitize.Format. The report's output is the type of the package.
func (Flat) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	report := sanitize.Report{Type: Flat{}.Info().ID}
	packed, err := inflateFlat(ctx, in, pass)
	if err != nil {
		return report, fmt.Errorf("cannot open flat package: %w", err)
	}
	inner, err := pass.Member(ctx, "", sanitize.BytesInput(packed), out)
	if err != nil {
		return report, err
	}
	if _, ok := packageType(inner.Output); !ok {
		return report, fmt.Errorf("cannot rebuild flat package: %w: it holds %s", sanitize.ErrMalformed, inner.Type)
	}
	inner.Type = report.Type
	return inner, nil
}

// flatReader turns a flat package into a zip archive.
type flatReader struct {
	x     *xmltext.Reader
	zip   *zipfile.Writer
	types []string // part names and content types, in turn
	pass  sanitize.Pass
}

func inflateFlat(ctx context.Context, in sanitize.Input, pass sanitize.Pass) ([]byte, error) {
	opt := xmlOptions(pass.Policy.Limits)
	opt.Space = func(uri []byte) xmltext.Space {
		if string(uri) == nsFlat {
			return 1
		}
		return 0
	}
	var b bytes.Buffer
	f := &flatReader{x: xmltext.NewReader(in.Reader(), opt), zip: zipfile.NewWriter(&b), pass: pass}
	for {
		k, err := f.x.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, xmlError("", err)
		}
		if k != xmltext.Start {
			continue
		}
		if f.x.Name.Space != 1 || string(f.x.Name.Local) != []string{"package", "part"}[min(f.x.Depth()-1, 1)] {
			return nil, fmt.Errorf("%w: the element %q in a flat package", sanitize.ErrMalformed, f.x.Name.Local)
		}
		if f.x.Depth() == 2 {
			if err := f.part(ctx); err != nil {
				return nil, err
			}
		}
	}
	if err := f.zip.AddFile(typesName, f.typesPart(), false); err != nil {
		return nil, err
	}
	err := f.zip.Close()
	return b.Bytes(), err
}

// part reads one part, from its start tag to its end.
func (f *flatReader) part(ctx context.Context) error {
	if err := errors.Join(ctx.Err(), f.pass.Entry()); err != nil {
		return err
	}
	name := strings.TrimPrefix(attr(f.x, 1, "name"), "/")
	f.types = append(f.types, "/"+name, attr(f.x, 1, "contentType"))
	var content []byte
	for {
		k, err := f.x.Next()
		if err != nil {
			return xmlError(name, err)
		}
		switch {
		case k == xmltext.End:
			return f.zip.AddFile(name, content, false)
		case k == xmltext.Text:
			continue
		case f.x.Name.Space == 1 && string(f.x.Name.Local) == "xmlData" && content == nil:
			content, err = f.xmlData()
		case f.x.Name.Space == 1 && string(f.x.Name.Local) == "binaryData" && content == nil:
			content, err = f.binaryData()
		default:
			err = fmt.Errorf("%w: the element %q in a part", sanitize.ErrMalformed, f.x.Name.Local)
		}
		if err != nil {
			return err
		}
	}
}

// xmlData copies what stands inside the element at which the reader is, up to its end.
func (f *flatReader) xmlData() ([]byte, error) {
	var b bytes.Buffer
	w := xmltext.NewWriter(&b)
	w.Declaration()
	for depth := f.x.Depth(); ; {
		k, err := f.x.Next()
		switch {
		case err != nil:
			return nil, xmlError("", err)
		case k == xmltext.End && f.x.Depth() < depth:
			err := errors.Join(w.Flush(), f.pass.Expand(int64(b.Len())))
			return b.Bytes(), err
		case k == xmltext.Text && f.x.Depth() > depth:
			w.Text(f.x.Text)
		case k == xmltext.End:
			w.End(f.x.Name)
		case k == xmltext.Start:
			w.Start(f.x.Name)
			top := f.x.Depth() == depth+1
			if top {
				declareAll(w, f.x)
			}
			for _, a := range f.x.Attrs {
				if !top || a.Name.Space != xmltext.XMLNS {
					w.Attr(a.Name, a.Value)
				}
			}
		}
	}
}

// declareAll writes the namespace declarations in force but for the flat package's own, the innermost of each prefix.
func declareAll(w *xmltext.Writer, x *xmltext.Reader) {
	last := map[string]string{}
	var order []string
	x.Bindings(0, func(prefix, uri []byte, space xmltext.Space) {
		if space == 1 {
			return
		}
		if _, ok := last[string(prefix)]; !ok {
			order = append(order, string(prefix))
		}
		last[string(prefix)] = string(uri)
	})
	for _, prefix := range order {
		w.Attr(xmltext.Name{Prefix: xmlnsPrefix([]byte(prefix)), Local: []byte(prefix), Space: xmltext.XMLNS}, []byte(last[prefix]))
	}
}

// binaryData decodes what stands inside the element at which the reader is.
func (f *flatReader) binaryData() ([]byte, error) {
	var text []byte
	for {
		k, err := f.x.Next()
		switch {
		case err != nil:
			return nil, xmlError("", err)
		case k == xmltext.Start:
			return nil, fmt.Errorf("%w: an element in binary data", sanitize.ErrMalformed)
		case k == xmltext.Text:
			text = append(text, f.x.Text...)
			continue
		}
		out := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
		n, err := base64.StdEncoding.Decode(out, text)
		if err != nil {
			return nil, fmt.Errorf("%w: binary data: %v", sanitize.ErrMalformed, err)
		}
		return out[:n], f.pass.Expand(int64(n))
	}
}

// typesPart returns the content types of the parts.
func (f *flatReader) typesPart() []byte {
	var b bytes.Buffer
	w := xmltext.NewWriter(&b)
	w.Declaration()
	w.StartNamed(nil, []byte("Types"))
	w.AttrNamed(nil, []byte("xmlns"), []byte(nsTypes))
	for i := 0; i < len(f.types); i += 2 {
		w.StartNamed(nil, []byte("Override"))
		w.AttrNamed(nil, []byte("PartName"), []byte(f.types[i]))
		w.AttrNamed(nil, []byte("ContentType"), []byte(f.types[i+1]))
		w.EndNamed(nil, []byte("Override"))
	}
	w.EndNamed(nil, []byte("Types"))
	w.Flush() // to memory: cannot fail
	return b.Bytes()
}
