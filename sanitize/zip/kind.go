package zip

import (
	"strings"

	"sekisho/sanitize/internal/zipfile"
)

// packageKind returns what an archive is when it is no archive of files but one thing packed as zip, which a program
// opens as a whole: a Java program, an app, a book. Those have formats of their own or none.
func packageKind(a *zipfile.Archive) string {
	for _, e := range a.Entries {
		if strings.HasPrefix(strings.ToUpper(e.Name), "META-INF/") {
			return "Java archive or signed package"
		}
		switch strings.ToLower(e.Name) {
		case "androidmanifest.xml", "classes.dex":
			return "Android package"
		case "appxmanifest.xml", "appxbundlemanifest.xml", "appxmetadata/appxbundlemanifest.xml":
			return "Windows app package"
		case "[content_types].xml":
			return "Open Packaging document of an unknown kind"
		case "mimetype":
			return "document package of an unknown kind"
		case "install.rdf":
			return "browser extension"
		case "doc.kml":
			return "map package (KMZ)"
		}
		if strings.HasPrefix(e.Name, "Payload/") && strings.Contains(e.Name, ".app/") {
			return "iOS package"
		}
	}
	return ""
}
