package svg

import "sekisho/sanitize/internal/css"

// styles is what may be set by a style, or by an attribute that is one.
func styles() *css.Grammar {
	return &css.Grammar{Properties: properties[:], Functions: functions[:], Places: true}
}

// functions are those of CSS and of presentation attributes that compute or name a colour or a shape, sorted.
var functions = [...]string{
	"blur", "brightness", "calc", "circle", "contrast", "drop-shadow", "ellipse", "grayscale", "hsl", "hsla", "hue-rotate", "icc-color", "inset",
	"invert", "matrix", "opacity", "polygon", "rect", "rgb", "rgba", "rotate", "rotatex", "rotatey", "rotatez", "saturate", "scale", "scalex", "scaley",
	"sepia", "skewx", "skewy", "translate", "translatex", "translatey",
}
