package main

import "strings"

// systemFonts is where Debian puts fonts.
const systemFonts = "/usr/share/fonts"

// settings are what the arguments of a child say.
type settings struct {
	cache string // folder of compiled code
	fonts string // folder of fonts, with those below it
}

// settingsOf reads the settings among the arguments, which the pool's own stand beside.
func settingsOf(args []string) settings {
	s := settings{fonts: systemFonts}
	for _, a := range args {
		if dir, ok := strings.CutPrefix(a, "cache="); ok {
			s.cache = dir
		}
		if dir, ok := strings.CutPrefix(a, "fonts="); ok {
			s.fonts = dir
		}
	}
	return s
}
