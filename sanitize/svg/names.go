package svg

import (
	"slices"
	"strings"
)

// kind is what is done with an element.
type kind uint8

const (
	unknown  kind = iota
	shape         // copied
	text          // copied, with the characters in it
	note          // title and desc: characters that stand for themselves and nothing else
	style         // a style sheet
	picture       // image
	anchor        // a
	mover         // animation
	filterOp      // part of a filter
)

// elementKind returns what is done with the element called local (SVG 1.1, appendix K; SVG 2, appendix F).
func elementKind(local string) kind {
	switch local {
	case "svg", "g", "defs", "symbol", "use", "switch", "view", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon",
		"linearGradient", "radialGradient", "stop", "pattern", "clipPath", "mask", "marker", "filter":
		return shape
	case "text", "tspan", "textPath":
		return text
	case "title", "desc":
		return note
	case "style":
		return style
	case "image":
		return picture
	case "a":
		return anchor
	case "animate", "animateTransform", "animateMotion", "set", "mpath":
		return mover
	case "feBlend", "feColorMatrix", "feComponentTransfer", "feComposite", "feConvolveMatrix", "feDiffuseLighting", "feDisplacementMap",
		"feDistantLight", "feDropShadow", "feFlood", "feFuncA", "feFuncB", "feFuncG", "feFuncR", "feGaussianBlur", "feMerge", "feMergeNode",
		"feMorphology", "feOffset", "fePointLight", "feSpecularLighting", "feSpotLight", "feTile", "feTurbulence":
		return filterOp
	}
	return unknown
}

// goneRule returns the rule for an element that is not copied.
func goneRule(local string) string {
	switch local {
	case "script", "handler", "listener":
		return RuleScript
	case "foreignObject", "iframe", "audio", "video", "canvas", "embed", "object":
		return RuleForeign
	case "metadata":
		return RuleMetadata
	case "font", "font-face", "glyph", "missing-glyph", "hkern", "vkern":
		return RuleFont
	case "feImage", "cursor":
		return RulePicture
	case "animateColor", "discard":
		return RuleAnimation
	}
	return RuleUnknown
}

// attributeNames are the attributes that are copied, sorted: geometry, structure and filters (SVG 1.1, appendix M; SVG 2, appendix E).
// Properties of style are attributes too: see properties. Those with a reference have code.
var attributeNames = [...]string{
	"amplitude", "azimuth", "baseFrequency", "bias", "class", "clipPathUnits", "cx", "cy", "d", "diffuseConstant", "divisor", "dx", "dy", "edgeMode",
	"elevation", "exponent", "filterUnits", "fr", "fx", "fy", "gradientTransform", "gradientUnits", "height", "id", "in", "in2", "intercept", "k1",
	"k2", "k3", "k4", "kernelMatrix", "kernelUnitLength", "lang", "lengthAdjust", "limitingConeAngle", "markerHeight", "markerUnits", "markerWidth",
	"maskContentUnits", "maskUnits", "method", "mode", "numOctaves", "offset", "operator", "order", "orient", "pathLength", "patternContentUnits",
	"patternTransform", "patternUnits", "points", "pointsAtX", "pointsAtY", "pointsAtZ", "preserveAlpha", "preserveAspectRatio", "primitiveUnits",
	"r", "radius", "refX", "refY", "requiredFeatures", "result", "role", "rotate", "rx", "ry", "scale", "seed", "side", "slope", "spacing",
	"specularConstant", "specularExponent", "spreadMethod", "startOffset", "stdDeviation", "stitchTiles", "surfaceScale", "systemLanguage",
	"tableValues", "targetX", "targetY", "textLength", "transform", "type", "values", "version", "viewBox", "width", "x", "x1", "x2",
	"xChannelSelector", "y", "y1", "y2", "yChannelSelector", "z", "zoomAndPan",
}

// animationNames are the attributes of animations, sorted (SVG Animations 2, 3). attributeName and what it becomes have code.
var animationNames = [...]string{
	"accumulate", "additive", "attributeName", "attributeType", "begin", "by", "calcMode", "dur", "end", "fill", "from", "id", "keyPoints",
	"keySplines", "keyTimes", "max", "min", "origin", "path", "repeatCount", "repeatDur", "restart", "rotate", "to", "type", "values",
}

// properties are those of CSS that may be set, sorted (SVG 1.1, appendix N; SVG 2, 6; CSS modules for text and colour).
var properties = [...]string{
	"alignment-baseline", "baseline-shift", "clip", "clip-path", "clip-rule", "color", "color-interpolation", "color-interpolation-filters",
	"color-rendering", "cx", "cy", "direction", "display", "dominant-baseline", "enable-background", "fill", "fill-opacity", "fill-rule", "filter",
	"flood-color", "flood-opacity", "font", "font-family", "font-feature-settings", "font-kerning", "font-size", "font-size-adjust", "font-stretch",
	"font-style", "font-variant", "font-variant-caps", "font-variant-east-asian", "font-variant-ligatures", "font-variant-numeric", "font-weight",
	"glyph-orientation-horizontal", "glyph-orientation-vertical", "height", "image-rendering", "isolation", "kerning", "letter-spacing",
	"lighting-color", "line-height", "marker", "marker-end", "marker-mid", "marker-start", "mask", "mask-type", "mix-blend-mode", "opacity",
	"overflow", "paint-order", "pointer-events", "r", "rx", "ry", "shape-rendering", "solid-color", "solid-opacity", "stop-color", "stop-opacity",
	"stroke", "stroke-dasharray", "stroke-dashoffset", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-opacity", "stroke-width",
	"text-align", "text-anchor", "text-decoration", "text-decoration-color", "text-decoration-line", "text-decoration-style", "text-indent",
	"text-orientation", "text-overflow", "text-rendering", "text-transform", "transform", "transform-box", "transform-origin", "unicode-bidi",
	"vector-effect", "vertical-align", "visibility", "white-space", "width", "word-spacing", "writing-mode", "x", "y",
}

func in(list []string, name string) bool {
	_, ok := slices.BinarySearch(list, name)
	return ok
}

// isEvent reports whether an attribute is that of an event: the whole class of names, since readers learn new ones.
func isEvent(local string) bool { return len(local) > 2 && strings.EqualFold(local[:2], "on") }
