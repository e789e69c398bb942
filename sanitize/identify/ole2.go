package identify

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"

	"sekisho/sanitize"
)

const ole2Magic = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

// ole2Names tells OLE2 files apart by the name of a stream or storage. The first that is there counts: an encrypted
// document has nothing else that could tell, and a message or an installer may hold documents.
var ole2Names = [...]struct{ stream, name string }{
	{"EncryptedPackage", "encrypted Office document"},
	{"__properties_version1.0", "Outlook message (MSG)"},
	{"WordDocument", "Word 97-2003 document"},
	{"Workbook", "Excel 97-2003 workbook"},
	{"Book", "Excel 5.0 workbook"},
	{"PowerPoint Document", "PowerPoint 97-2003 presentation"},
	{"PP40", "PowerPoint 4.0 presentation"},
	{"VisioDocument", "Visio drawing"},
	{"Quill", "Publisher document"},
	{"JSRV_SegmentInformation", "Ichitaro document"},
	{"DocumentText", "Ichitaro document"},
	{"FileHeader", "Hangul document (HWP)"},
	{"MatOST", "Microsoft Works document"},
	{"StarWriterDocument", "StarOffice document"},
	{"\x05HwpSummaryInformation", "Hangul document (HWP)"},
	{"Catalog", "Windows thumbnails (Thumbs.db)"},
	{"\x01Ole10Native", "OLE package"},
	{"Equation Native", "equation object"},
}

// msiClass is the class identifier of Windows installer files, 000C1084-0000-0000-C000-000000000046.
const msiClass = "\x84\x10\x0c\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46"

// ole2Kind names an OLE2 file by what stands at the top of its directory ([MS-CFB] 2.6): what is deeper belongs to
// objects inside the document.
func ole2Kind(in sanitize.Input) string {
	entries := ole2Directory(in)
	if len(entries) > 0 && string(entries[0][80:96]) == msiClass {
		return "Windows installer (MSI)"
	}
	top := topNames(entries)
	for _, n := range ole2Names {
		if top[strings.ToLower(n.stream)] {
			return n.name
		}
	}
	return "OLE2 file of an unknown kind"
}

// topNames returns the names of the children of the root, in lower case. They form a binary tree of siblings.
func topNames(entries [][]byte) map[string]bool {
	names := map[string]bool{}
	if len(entries) == 0 {
		return names
	}
	le := binary.LittleEndian
	todo := []uint32{le.Uint32(entries[0][76:])}
	seen := map[uint32]bool{}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if int64(id) >= int64(len(entries)) || seen[id] {
			continue
		}
		seen[id] = true
		names[strings.ToLower(entryName(entries[id]))] = true
		todo = append(todo, le.Uint32(entries[id][68:]), le.Uint32(entries[id][72:]))
	}
	return names
}

func entryName(entry []byte) string {
	n := min(int(binary.LittleEndian.Uint16(entry[64:])), 64)
	units := make([]uint16, max(0, n/2-1))
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(entry[2*i:])
	}
	return string(utf16.Decode(units))
}

const (
	dirEntry       = 128 // bytes of a directory entry
	maxDirSectors  = 64  // looked at: enough for the streams that name a kind
	maxHeaderDIFAT = 109 // sectors of the FAT that the header lists
)

// ole2Directory returns the first directory entries, following their sectors through the part of the FAT that the
// header lists.
func ole2Directory(in sanitize.Input) (entries [][]byte) {
	header := in.Head(512)
	if len(header) < 512 {
		return nil
	}
	le := binary.LittleEndian
	shift := le.Uint16(header[30:])
	if shift != 9 && shift != 12 {
		return nil
	}
	size := int64(1) << shift
	sector := le.Uint32(header[48:])
	for range maxDirSectors {
		b := make([]byte, size)
		if _, err := in.ReadAt(b, (int64(sector)+1)*size); err != nil {
			return entries
		}
		for at := 0; at+dirEntry <= len(b); at += dirEntry {
			entries = append(entries, b[at:at+dirEntry])
		}
		list := int64(sector) / (size / 4)
		if list >= maxHeaderDIFAT {
			return entries
		}
		next := make([]byte, 4)
		fat := int64(le.Uint32(header[76+4*list:]))
		if _, err := in.ReadAt(next, (fat+1)*size+int64(sector)%(size/4)*4); err != nil {
			return entries
		}
		sector = le.Uint32(next)
	}
	return entries
}
