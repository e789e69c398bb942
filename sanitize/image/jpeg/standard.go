package jpeg

import (
	"encoding/hex"
	"sync"
)

// standardTables are the Huffman tables that T.81 gives as typical (tables K.3 to K.6), by class: for luminance and for
// chrominance. Most scanners and cameras use no others.
type standardTables [2][2]*standardTable

// standardTable is one of them, ready for use. It never changes.
type standardTable struct {
	kind   int // 0 for luminance, 1 for chrominance
	spec   huffmanSpec
	codes  *codes
	reader strides
}

// standard returns the tables of T.81 annex K.
var standard = sync.OnceValue(func() *standardTables {
	t := &standardTables{}
	for class, kinds := range standardText {
		for kind, text := range kinds {
			b, err := hex.DecodeString(text)
			if err != nil {
				panic(err) // it stands below
			}
			s := &standardTable{kind: kind}
			for i, n := range b[:16] {
				s.spec.counts[1+i] = int(n)
			}
			s.spec.symbols = b[16:]
			s.codes = s.spec.codes()
			s.reader.init(&s.spec, class)
			t[class][kind] = s
		}
	}
	return t
})

// find returns the table that spec is, or nil.
func (t *standardTables) find(class int, spec *huffmanSpec) *standardTable {
	for _, s := range t[class] {
		if s.spec.equal(spec) {
			return s
		}
	}
	return nil
}

// standardText holds each table as a DHT segment does: the number of codes of each length, then the symbols.
var standardText = [2][2]string{
	{
		"00010501010101010100000000000000" + "000102030405060708090a0b",
		"00030101010101010101010000000000" + "000102030405060708090a0b",
	},
	{
		"0002010303020403050504040000017d" +
			"01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738" +
			"393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4" +
			"a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa",
		"00020102040403040705040400010277" +
			"0001020311040521310612415107617113223281081442" + "91a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738" +
			"393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3" +
			"a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa",
	},
}
