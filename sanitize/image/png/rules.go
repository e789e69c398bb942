package png

// The rules of findings.
const (
	ruleText      = "png/text"      // tEXt, zTXt, iTXt
	ruleExif      = "png/exif"      // eXIf
	ruleTime      = "png/time"      // tIME
	ruleICC       = "png/icc"       // a colour profile that was not understood, or what one held beside numbers
	ruleChunk     = "png/chunk"     // other ancillary chunks
	ruleValue     = "png/value"     // a known chunk with a value, size or place that it may not have, or a second one
	ruleChecksum  = "png/checksum"  // an ancillary chunk with a wrong checksum
	rulePalette   = "png/palette"   // palette entries that no pixel uses, or a palette where none is needed
	ruleSurplus   = "png/surplus"   // data behind the last row of pixels
	ruleTrailing  = "png/trailing"  // bytes behind the end of the picture
	ruleAnimation = "png/animation" // an animation that is broken or that the policy does not keep
	ruleNoEnd     = "png/no-end"    // the end chunk was missing, though the picture was complete
)
