package ooxml

import (
	"bytes"
	"compress/gzip"
	"image"
	"image/color"
	"image/png"
	"io"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/ooxml/internal/grammar"
)

// fileType is how a file inside a package is named and stored.
type fileType struct {
	suffix, mime string
	dense        bool // compressed already: stored as it is
}

// pictureType returns how a picture that the engine wrote is stored (ECMA-376 Part 1, 15.2.14).
func pictureType(id string) (fileType, bool) {
	switch id {
	case "png":
		return fileType{".png", "image/png", true}, true
	case "jpeg":
		return fileType{".jpeg", "image/jpeg", true}, true
	case "gif":
		return fileType{".gif", "image/gif", true}, true
	case "bmp":
		return fileType{".bmp", "image/bmp", false}, true
	case "tiff":
		return fileType{".tiff", "image/tiff", false}, true
	case "svg":
		return fileType{".svg", "image/svg+xml", false}, true
	case "emf":
		return fileType{".emf", "image/x-emf", false}, true
	case "wmf":
		return fileType{".wmf", "image/x-wmf", false}, true
	}
	return fileType{}, false
}

// mediaType returns how sound or film that the engine wrote is stored.
func mediaType(id string) (fileType, bool) {
	switch id {
	case "wav":
		return fileType{".wav", "audio/x-wav", false}, true
	case "mp3":
		return fileType{".mp3", "audio/mpeg", true}, true
	case "m4a":
		return fileType{".m4a", "audio/mp4", true}, true
	case "mp4":
		return fileType{".mp4", "video/mp4", true}, true
	}
	return fileType{}, false
}

// packageType returns how an embedded package is stored.
func packageType(id string) (fileType, bool) {
	for _, v := range Variants() {
		if r := &variants[v]; r.id == id && variants[v].output == v {
			return fileType{"." + id, r.mime, true}, true
		}
	}
	return fileType{}, false
}

// embedded rebuilds a picture, a film or an embedded package through the engine. A picture that cannot be rebuilt is
// replaced; anything else is lost.
func (w *worker) embedded(p *part) error {
	typeOf, rule := pictureType, rulePicture
	switch p.kind {
	case grammar.ImagePart:
	case media:
		typeOf, rule = mediaType, ruleMedia
	case grammar.EmbeddedPackagePart:
		typeOf, rule = packageType, ruleEmbedded
	default:
		w.d.lose(p, ruleRelation)
		return nil
	}
	data, err := w.d.archive.ReadAll(p.entry, w.d.limits.FileSize, w.d.expand)
	if err != nil {
		return err
	}
	if p.kind == grammar.ImagePart {
		if data, err = w.d.gunzip(data); err != nil {
			return err
		}
	}
	ok, err := w.member(p, data, typeOf)
	if err != nil || ok {
		return err
	}
	if p.kind == grammar.ImagePart {
		if strings.HasPrefix(w.d.contentType(p.key), "image/svg") { // stands beside a picture that stays
			w.d.lose(p, rule)
			return nil
		}
		p.findings = nil
		p.add(rule, sanitize.Replaced)
		ok, err = w.member(p, neutral(), typeOf)
	}
	if err == nil && !ok {
		w.d.lose(p, rule)
	}
	return err
}

// gunzip returns what is in data when it is compressed, as Office stores some metafiles; else data. What does not
// decompress is no picture.
func (d *document) gunzip(data []byte) ([]byte, error) {
	if len(data) < 18 || data[0] != 0x1f || data[1] != 0x8b {
		return data, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, d.ctx.Err()
	}
	var out []byte
	block := make([]byte, 64<<10)
	for {
		n, err := z.Read(block)
		if err := d.expand(int64(n)); err != nil {
			return nil, err
		}
		if out = append(out, block[:n]...); int64(len(out)) > d.limits.FileSize {
			return nil, nil
		}
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, d.ctx.Err()
		}
	}
}

// member gives data to the engine and takes what comes back, if it is of a type that fits. It fails only when the whole
// run is over.
func (w *worker) member(p *part, data []byte, typeOf func(string) (fileType, bool)) (bool, error) {
	var out bytes.Buffer
	report, err := w.d.pass.Member(w.d.ctx, "", sanitize.BytesInput(data), &out)
	if err != nil {
		return false, w.d.ctx.Err()
	}
	t, ok := typeOf(report.Output)
	if !ok {
		return false, nil
	}
	for _, f := range report.Findings {
		f.Where = joinWhere(p.where(), f.Where)
		p.findings = append(p.findings, f)
	}
	p.suffix, p.mime = t.suffix, t.mime
	if t.dense {
		p.raw = out.Bytes()
		return true, nil
	}
	if _, err := w.out.Write(out.Bytes()); err != nil {
		return false, err
	}
	return true, w.out.finish(p)
}

func joinWhere(outer, inner string) string {
	if inner == "" {
		return outer
	}
	return outer + " › " + inner
}

// neutral returns the picture that stands for one that cannot be cleaned: a small grey field.
func neutral() []byte {
	img := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range img.Pix {
		img.Pix[i] = color.Gray{Y: 0xdd}.Y
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil
	}
	return b.Bytes()
}
