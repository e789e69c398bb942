package gif

// The rules of findings.
const (
	ruleComment   = "gif/comment"   // comment extensions
	ruleText      = "gif/text"      // plain text extensions, which no reader shows
	ruleXMP       = "gif/xmp"       // XMP packets
	ruleApp       = "gif/app"       // other application data, unknown extensions
	ruleAnimation = "gif/animation" // frames behind the first, when the policy keeps none
	rulePalette   = "gif/palette"   // colours that no pixel uses
	ruleScreen    = "gif/screen"    // the screen was smaller than a frame
	ruleSurplus   = "gif/surplus"   // data behind the last pixel of a frame, values that mean nothing
	ruleTrailing  = "gif/trailing"  // bytes behind the end of the picture
	ruleNoEnd     = "gif/no-end"    // the end was missing, though the last frame was complete
)
