package png

// The rules of PNG, a closed set.
const (
	RuleStructure = "verify/png/structure" // no chunks as our writer writes them
	RuleChunk     = "verify/png/chunk"     // a chunk that is not on the list, or in the wrong place
	RuleChecksum  = "verify/png/checksum"
	RuleTrailing  = "verify/png/trailing" // bytes after IEND
	RulePixels    = "verify/png/pixels"   // picture data too long, too short, or of no picture
	RuleProfile   = "verify/png/profile"  // a colour profile that is none
	RuleAnimation = "verify/png/animation"
)
