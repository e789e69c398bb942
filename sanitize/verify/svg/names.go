package svg

// elements are those that may be in a picture (SVG 1.1 appendix K without those that run, load or hold other content).
var elements = [...]string{
	"a", "animate", "animateMotion", "animateTransform", "circle", "clipPath", "defs", "desc", "ellipse", "filter", "g", "image", "line", "linearGradient",
	"marker", "mask", "mpath", "path", "pattern", "polygon", "polyline", "radialGradient", "rect", "set", "stop", "style", "svg", "switch", "symbol",
	"text", "textPath", "title", "tspan", "use", "view",
	"feBlend", "feColorMatrix", "feComponentTransfer", "feComposite", "feConvolveMatrix", "feDiffuseLighting", "feDisplacementMap", "feDistantLight",
	"feDropShadow", "feFlood", "feFuncA", "feFuncB", "feFuncG", "feFuncR", "feGaussianBlur", "feMerge", "feMergeNode", "feMorphology", "feOffset",
	"fePointLight", "feSpecularLighting", "feSpotLight", "feTile", "feTurbulence",
}

// movers are the elements that animate.
var movers = [...]string{"animate", "animateMotion", "animateTransform", "mpath", "set"}

// moving are the attributes that those have besides.
var moving = [...]string{
	"accumulate", "additive", "attributeName", "attributeType", "begin", "by", "calcMode", "dur", "end", "from", "keyPoints", "keySplines", "keyTimes",
	"max", "min", "origin", "repeatCount", "repeatDur", "restart", "to", "path",
}

// attributes are those without a namespace that an element may have, sorted: geometry, structure, filters and the properties of
// style (SVG 1.1 appendices M and N, SVG 2 appendix E).
var attributes = [...]string{
	"alignment-baseline", "amplitude", "azimuth", "baseFrequency", "baseline-shift", "bias", "class", "clip", "clip-path",
	"clip-rule", "clipPathUnits", "color", "color-interpolation", "color-interpolation-filters", "color-rendering", "cx", "cy", "d",
	"diffuseConstant", "direction", "display", "divisor", "dominant-baseline", "dx", "dy", "edgeMode", "elevation",
	"enable-background", "exponent", "fill", "fill-opacity", "fill-rule", "filter", "filterUnits", "flood-color", "flood-opacity",
	"font", "font-family", "font-feature-settings", "font-kerning", "font-size", "font-size-adjust", "font-stretch", "font-style",
	"font-variant", "font-variant-caps", "font-variant-east-asian", "font-variant-ligatures", "font-variant-numeric", "font-weight",
	"fr", "fx", "fy", "glyph-orientation-horizontal", "glyph-orientation-vertical", "gradientTransform", "gradientUnits", "height",
	"id", "image-rendering", "in", "in2", "intercept", "isolation", "k1", "k2", "k3", "k4", "kernelMatrix", "kernelUnitLength",
	"kerning", "lang", "lengthAdjust", "letter-spacing", "lighting-color", "limitingConeAngle", "line-height", "marker",
	"marker-end", "marker-mid", "marker-start", "markerHeight", "markerUnits", "markerWidth", "mask", "mask-type",
	"maskContentUnits", "maskUnits", "media", "method", "mix-blend-mode", "mode", "numOctaves", "offset", "opacity", "operator",
	"order", "orient", "overflow", "paint-order", "pathLength", "patternContentUnits", "patternTransform", "patternUnits",
	"pointer-events", "points", "pointsAtX", "pointsAtY", "pointsAtZ", "preserveAlpha", "preserveAspectRatio", "primitiveUnits",
	"r", "radius", "refX", "refY", "requiredFeatures", "result", "role", "rotate", "rx", "ry", "scale", "seed", "shape-rendering",
	"side", "slope", "solid-color", "solid-opacity", "spacing", "specularConstant", "specularExponent", "spreadMethod",
	"startOffset", "stdDeviation", "stitchTiles", "stop-color", "stop-opacity", "stroke", "stroke-dasharray", "stroke-dashoffset",
	"stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-opacity", "stroke-width", "style", "surfaceScale",
	"systemLanguage", "tableValues", "targetX", "targetY", "text-align", "text-anchor", "text-decoration", "text-decoration-color",
	"text-decoration-line", "text-decoration-style", "text-indent", "text-orientation", "text-overflow", "text-rendering",
	"text-transform", "textLength", "transform", "transform-box", "transform-origin", "type", "unicode-bidi", "values",
	"vector-effect", "version", "vertical-align", "viewBox", "visibility", "white-space", "width", "word-spacing", "writing-mode",
	"x", "x1", "x2", "xChannelSelector", "y", "y1", "y2", "yChannelSelector", "z", "zoomAndPan",
}
