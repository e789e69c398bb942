package jpeg

import (
	"bytes"
	"fmt"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/icc"
)

// metadata is what is kept of application data, in its only form.
type metadata struct {
	jfif        []byte // body of the APP0 segment, or nil
	adobe       int    // 1 + colour transform of the APP14 segment, 0 for none
	orientation int    // 1 to 8, 0 when none is said
	icc         [][]byte
	iccChunks   int // number of chunks that the profile says it has
	iccBroken   bool
	profile     []byte // rebuilt
}

const (
	exifID   = "Exif\x00\x00"
	iccID    = "ICC_PROFILE\x00"
	adobeID  = "Adobe"
	adobeLen = 12
)

// read takes in a segment that carries no picture data.
func (m *metadata) read(marker int, b []byte, report *sanitize.Report) {
	starts := func(s string) bool { return bytes.HasPrefix(b, []byte(s)) }
	drop := func(rule string) { report.Add(rule, removed, "") }
	switch {
	case marker == markerCOM:
		drop(ruleComment)
	case marker == markerAPP0 && starts("JFIF\x00"):
		m.readJFIF(b, report)
	case marker == markerAPP0 && starts("JFXX\x00"):
		drop(ruleThumbnail)
	case marker == markerAPP0+1 && starts("Exif\x00"):
		if !m.readExif(b) {
			drop(ruleExif)
		}
	case marker == markerAPP0+1 && (starts("http://ns.adobe.com/xap/") || starts("http://ns.adobe.com/xmp/")):
		drop(ruleXMP)
	case marker == markerAPP0+2 && starts(iccID):
		m.readICC(b)
	case marker == markerAPP0+2 && starts("MPF\x00"):
		drop(ruleMPF)
	case marker == markerAPP0+13 && starts("Photoshop 3.0\x00"):
		drop(ruleIPTC)
	case marker == markerAPP0+14 && starts(adobeID) && len(b) >= adobeLen && m.adobe == 0 && b[11] <= 2:
		m.adobe = 1 + int(b[11])
		if len(b) > adobeLen {
			drop(ruleApp)
		}
	default:
		report.Add(ruleApp, removed, fmt.Sprintf("FF%02X", marker))
	}
}

// readJFIF takes in the JFIF segment (ISO/IEC 10918-5 10.1): version, unit and density.
func (m *metadata) readJFIF(b []byte, report *sanitize.Report) {
	if m.jfif != nil || len(b) < 14 || b[7] > 2 || b[8]|b[9] == 0 || b[10]|b[11] == 0 {
		report.Add(ruleApp, removed, "FFE0")
		return
	}
	m.jfif = append(append([]byte{}, b[:12]...), 0, 0)
	m.jfif[5], m.jfif[6] = 1, min(b[6], 2)
	if len(b) > 14 || b[12]|b[13] != 0 {
		report.Add(ruleThumbnail, removed, "")
	}
}

// readICC gathers a chunk of a colour profile, ISO 15076-1 annex B.4.
func (m *metadata) readICC(b []byte) {
	b = b[len(iccID):]
	if len(b) < 2 || b[0] == 0 || b[1] == 0 || m.iccChunks != 0 && m.iccChunks != int(b[1]) || b[0] > b[1] {
		m.iccBroken = true
		return
	}
	if m.iccChunks == 0 {
		m.iccChunks = int(b[1])
		m.icc = make([][]byte, m.iccChunks)
	}
	if m.icc[b[0]-1] != nil {
		m.iccBroken = true
	}
	m.icc[b[0]-1] = b[2:]
}

// report adds the findings about the colour profile, which is gathered over several segments.
func (m *metadata) report(p *picture, report *sanitize.Report) {
	if m.icc == nil && !m.iccBroken {
		return
	}
	switch m.rebuildProfile(p); {
	case m.profile == nil:
		report.Add(ruleICC, removed, "")
	case !bytes.Equal(m.profile, bytes.Join(m.icc, nil)):
		report.Add(ruleICC, sanitize.Replaced, "")
	}
}

// rebuildProfile makes the profile of the output, if there is one that fits the picture.
func (m *metadata) rebuildProfile(p *picture) {
	if m.profile != nil || m.icc == nil || m.iccBroken {
		return
	}
	untrusted := bytes.Join(m.icc, nil)
	out, components, err := icc.Rebuild(untrusted)
	if err != nil || components != len(p.frame.components) {
		return
	}
	m.profile = out
}

// write writes the kept segments.
func (m *metadata) write(w *bitWriter, p *picture) {
	if m.jfif != nil {
		w.segment(markerAPP0, m.jfif...)
	}
	if m.orientation > 1 {
		w.segment(markerAPP0+1, exif(m.orientation)...)
	}
	m.rebuildProfile(p)
	m.writeProfile(w)
	if m.adobe > 0 {
		w.segment(markerAPP0+14, append([]byte(adobeID), 0, 100, 0, 0, 0, 0, byte(m.adobe-1))...)
	}
}

// maxChunk is the most of a profile that fits in a segment.
const maxChunk = 0xffff - 2 - len(iccID) - 2

func (m *metadata) writeProfile(w *bitWriter) {
	total := ceil(len(m.profile), maxChunk)
	for i := range total {
		chunk := m.profile[i*maxChunk : min((i+1)*maxChunk, len(m.profile))]
		body := append([]byte(iccID), byte(i+1), byte(total))
		w.segment(markerAPP0+2, append(body, chunk...)...)
	}
}
