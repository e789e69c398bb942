package pdf

import "slices"

// role is what a value is where it stands. Most values need none: a dictionary says itself what it is.
type role byte

const (
	plain        role = iota
	resources         // the resources of content
	named             // a dictionary whose keys are names of the document's own
	appearances       // AP
	states            // N, R and D of it: a form, or forms by name
	glyphs            // CharProcs
	acting            // where an action may stand
	contents          // the content of a page
	catalogNames      // Names of the catalog
	information       // Info of the trailer
	fileType1         // a font program in Type 1
	fileSfnt          // … in TrueType
	fileOther         // … in what its Subtype says
	charMap           // a character map
	metadata          // XMP
	profile           // a colour profile
	table             // data that a font or a colour space looks up
	richText          // a text that is long enough for a stream
	fileTree          // the name tree of embedded files
	fileSpec          // a file specification, or a list of them
	fileStream        // the stream of one
)

// known reports whether k is a key of the standard. Two keys of trees are patterns in the model (7.9.6, 7.9.7).
func known(k name) bool {
	_, ok := slices.BinarySearch(knownKeys[:], string(k))
	return ok || k == "Nums" || k == "Limits"
}

// inert reports whether a value of a property that somebody made up is a text or a word.
func inert(v any) bool {
	switch v.(type) {
	case text, name, bool, int64, float64:
		return true
	}
	return false
}

// freeKeys reports whether the keys of a dictionary are names of the document's own.
func freeKeys(d dict, r role) bool {
	switch r {
	case named, states, glyphs:
		return true
	}
	return d["HalftoneType"] == int64(5) || d["O"] != nil && d["S"] == nil && d["Type"] == nil // attributes of an owner (14.7.6)
}

// child returns the role of the value of key k.
func child(d dict, r role, k name) role {
	switch r {
	case resources:
		switch k {
		case "ExtGState", "ColorSpace", "Pattern", "Shading", "XObject", "Font", "Properties":
			return named
		}
		return plain
	case appearances:
		return states
	case glyphs:
		return glyphs
	case states:
		return plain
	case named:
		return plain
	case catalogNames:
		if k == "EmbeddedFiles" {
			return fileTree
		}
	case fileTree:
		return fileSpec
	}
	switch k {
	case "AF", "FS":
		return fileSpec
	case "Resources", "DR":
		return resources
	case "AP":
		return appearances
	case "CharProcs":
		return glyphs
	case "ClassMap", "RoleMap", "Colorants", "DotGain", "Solidities", "RoleMapNS":
		return named
	case "A", "PA", "Next":
		return acting
	case "Contents":
		if d["Type"] == name("Page") {
			return contents
		}
	case "Names":
		if d["Type"] == name("Catalog") {
			return catalogNames
		}
	case "Dests":
		if d["Type"] == name("Catalog") {
			return named
		}
	case "FontFile":
		return fileType1
	case "FontFile2":
		return fileSfnt
	case "FontFile3":
		return fileOther
	case "ToUnicode", "UseCMap", "Encoding":
		return charMap
	case "Metadata":
		return metadata
	case "DestOutputProfile":
		return profile
	case "CIDSet", "CIDToGIDMap", "Lookup":
		return table
	case "V", "DV", "RV", "RC":
		return richText
	}
	return plain
}
