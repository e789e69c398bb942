package odf

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"strconv"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/odf/internal/grammar"
)

// pictureKey names a picture by where it is in the input and where it goes in the output: parts of different folders do
// not share one.
type pictureKey struct{ to, entry string }

// picture is what became of a picture of the package.
type picture struct {
	name string // relative to the folder of the parts that show it; "" when it is lost
	rule string // why it is lost
}

// pictureType returns how a picture that the engine wrote is named and stored.
func pictureType(id string) (suffix, mime string, dense, ok bool) {
	switch id {
	case "png":
		return ".png", "image/png", true, true
	case "jpeg":
		return ".jpg", "image/jpeg", true, true
	case "gif":
		return ".gif", "image/gif", true, true
	case "webp":
		return ".webp", "image/webp", true, true
	case "bmp":
		return ".bmp", "image/bmp", false, true
	case "tiff":
		return ".tif", "image/tiff", false, true
	case "svg":
		return ".svg", "image/svg+xml", false, true
	case "emf":
		return ".emf", "image/x-emf", false, true
	case "wmf":
		return ".wmf", "image/x-wmf", false, true
	}
	return "", "", false, false
}

// picture returns what the reference href of the filter's part leads to, rebuilt the first time. A picture that stands for the
// object called object is named like it.
func (f *filter) picture(href, object string) (*picture, error) {
	d := f.d
	entry, ok := d.resolve(f.from, href)
	if !ok {
		return &picture{rule: targetRule(href)}, nil
	}
	d.used[entry] = true
	key := pictureKey{f.to, entry}
	if p := d.pictures[key]; p != nil {
		return p, nil
	}
	if err := d.pass.Entry(); err != nil {
		return nil, err
	}
	data, err := d.read(d.entries[entry], d.limits.FileSize)
	if err != nil {
		return nil, err
	}
	p, err := f.store(data, entry, object)
	if err == nil {
		d.pictures[key] = p
	}
	return p, err
}

// store rebuilds a picture and puts it into the output.
func (f *filter) store(data []byte, where, object string) (*picture, error) {
	out, id, err := f.d.member(data, where)
	if err != nil {
		return nil, err
	}
	suffix, mime, dense, ok := pictureType(id)
	if !ok {
		return &picture{rule: rulePicture}, nil
	}
	name := "ObjectReplacements/" + object
	if object == "" {
		f.d.counts[f.to]++
		name = "Pictures/image" + strconv.Itoa(f.d.counts[f.to]) + suffix
	}
	done := file{name: f.to + name, mime: mime, raw: out}
	if !dense {
		if done, err = f.d.compress(done.name, mime, out); err != nil {
			return nil, err
		}
	}
	f.d.files = append(f.d.files, done)
	return &picture{name: name}, nil
}

// compress returns a file with its data compressed. The parts' compressor is in use.
func (d *document) compress(name, mime string, data []byte) (file, error) {
	done := file{name: name, mime: mime}
	w, err := newPacked()
	if err != nil {
		return done, err
	}
	if _, err := w.Write(data); err != nil {
		return done, err
	}
	err = w.finish(&done)
	return done, err
}

// member gives data to the engine and returns what comes back and of which type; "" when nothing does. It fails only when
// the whole run is over.
func (d *document) member(data []byte, where string) ([]byte, string, error) {
	var out bytes.Buffer
	report, err := d.pass.Member(d.ctx, "", sanitize.BytesInput(data), &out)
	if err != nil {
		return nil, "", d.ctx.Err()
	}
	if _, _, _, ok := pictureType(report.Output); !ok {
		return nil, "", nil
	}
	for _, f := range report.Findings {
		f.Where = strings.TrimSuffix(where+" › "+f.Where, " › ")
		d.report.Findings = append(d.report.Findings, f)
	}
	return out.Bytes(), report.Output, nil
}

// inline rebuilds a picture that stands in an XML part as text (OpenDocument 1.3 Part 3, 10.4.5: office:binary-data), and
// returns it as text; nil when it is lost.
func (f *filter) inline(text []byte) ([]byte, error) {
	data, err := base64.StdEncoding.DecodeString(strings.Map(dropBlank, string(text)))
	if err != nil || len(data) == 0 {
		return nil, nil
	}
	if err := f.d.pass.Entry(); err != nil {
		return nil, err
	}
	out, _, err := f.d.member(data, f.where)
	if err != nil || out == nil {
		return nil, err
	}
	return base64.StdEncoding.AppendEncode(nil, out), nil
}

func dropBlank(c rune) rune {
	if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
		return -1
	}
	return c
}

// neutral returns the picture that stands for one that cannot be cleaned: a small grey field.
func neutral() []byte {
	img := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range img.Pix {
		img.Pix[i] = 0xdd
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil
	}
	return b.Bytes()
}

// neutralName returns the name of the neutral picture in the folder of the part, or "" when there is no format for it.
func (f *filter) neutralName() (string, error) {
	key := pictureKey{f.to, ""}
	p := f.d.pictures[key]
	if p == nil {
		var err error
		if p, err = f.store(neutral(), "", ""); err != nil {
			return "", err
		}
		f.d.pictures[key] = p
	}
	return p.name, nil
}

// drawNeutral writes an image element with the neutral picture, where a frame lost all that it showed.
func (f *filter) drawNeutral() error {
	var name string
	var text []byte
	var err error
	if f.d.archive == nil {
		text, err = f.inline([]byte(base64.StdEncoding.EncodeToString(neutral())))
	} else {
		name, err = f.neutralName()
	}
	if err != nil || name == "" && text == nil {
		return err
	}
	f.startNamed(grammar.NsDraw, "image")
	if text != nil {
		f.startNamed(grammar.NsOffice, "binary-data")
		f.w.Text(text)
		f.endNamed(grammar.NsOffice, "binary-data")
	} else {
		f.attrNamed(grammar.NsXlink, "href", name)
		f.attrNamed(grammar.NsXlink, "type", "simple")
	}
	f.endNamed(grammar.NsDraw, "image")
	return nil
}
