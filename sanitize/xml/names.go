package xml

import (
	"strings"

	"sekisho/sanitize/internal/xmltext"
)

// The namespaces that matter here. Every other is a vocabulary of data.
const (
	nsActive xmltext.Space = iota + 1 // a reader acts on it
	nsXlink                           // https://www.w3.org/TR/xlink11/
	nsXsi                             // XML Schema Part 1, 2.6
)

// activeSpaces begin the names of vocabularies that a browser or an Office program acts on, or that make a file another
// kind of document: pages and pictures with their scripts, transformations, inclusions, forms, events, user interfaces,
// build and task files, and the Office formats that are one XML file.
var activeSpaces = [...]string{
	"http://www.w3.org/1999/xhtml", "http://www.w3.org/2002/06/xhtml2", "http://www.w3.org/TR/REC-html40", "http://www.w3.org/2000/svg",
	"http://www.w3.org/1998/Math/MathML", "http://www.w3.org/1999/XSL/", "http://www.w3.org/TR/WD-xsl", "http://www.w3.org/2001/XInclude",
	"http://www.w3.org/2003/XInclude", "http://www.w3.org/2002/xforms", "http://www.w3.org/2001/xml-events", "http://www.w3.org/ns/xbl",
	"http://www.w3.org/2001/SMIL", "http://www.w3.org/2005/SMIL", "http://www.w3.org/ns/SMIL", "http://www.w3.org/2005/07/scxml",
	"http://www.mozilla.org/", "http://schemas.microsoft.com/office/", "http://schemas.microsoft.com/winfx/", "http://schemas.microsoft.com/developer/",
	"http://schemas.microsoft.com/windows/", "http://schemas.microsoft.com/client/", "http://schemas.microsoft.com/netfx/", "http://schemas.microsoft.com/wix/",
	"http://schemas.microsoft.com/appx/", "http://schemas.microsoft.com/visio/", "http://schemas.openxmlformats.org/", "http://purl.oclc.org/ooxml/",
	"urn:schemas-microsoft-com:", "urn:oasis:names:tc:opendocument:", "http://openoffice.org/", "http://xml.openoffice.org/", "http://ns.adobe.com/xdp/",
	"http://www.xfa.org/", "http://www.macromedia.com/", "http://java.sun.com/xml/ns/javaee", "http://java.sun.com/JSP/", "http://www.opengis.net/kml/",
	"http://earth.google.com/kml/",
}

// space numbers namespaces for the reader.
func space(uri []byte) xmltext.Space {
	switch u := string(uri); u {
	case "http://www.w3.org/1999/xlink":
		return nsXlink
	case "http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/2000/10/XMLSchema-instance", "http://www.w3.org/1999/XMLSchema-instance":
		return nsXsi
	default:
		u = strings.ToLower(strings.TrimSpace(u))
		for _, a := range activeSpaces {
			if strings.HasPrefix(u, strings.ToLower(a)) {
				return nsActive
			}
		}
	}
	return xmltext.Unknown
}

// foreignRoot reports whether a root element begins a document of another kind than data.
func foreignRoot(n xmltext.Name) bool {
	if n.Space == nsActive || activeLocal(n) {
		return true
	}
	if n.Space != xmltext.None {
		return false
	}
	switch strings.ToLower(string(n.Local)) {
	case "html", "svg", "job", "package", "component", "registration", "hta", "vml", "application": // pages; Windows script files
		return true
	}
	return false
}

// activeLocal reports whether a name is one that programs take for code in whatever vocabulary: a lax reader does not
// look at namespaces, and Windows script components have none.
func activeLocal(n xmltext.Name) bool {
	switch strings.ToLower(string(n.Local)) {
	case "script", "scriptlet", "iframe", "foreignobject":
		return true
	}
	return false
}
