package pdf

import (
	"bytes"
	"crypto/md5"
	"crypto/rc4"
	"fmt"
	"slices"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

// form makes a form whose resources are XObjects.
func form(objects, content string) string {
	return stream("/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<<"+objects+">>>>", content)
}

// exact makes a case in which rule is all that is told.
func exact(name, rule string, s sheet, keep ...string) sanitizetest.Case {
	return sanitizetest.Case{
		Name: name, Input: s.bytes(), Gone: []string{needle}, Keep: append(keep, text), Rules: []string{rule}, Exact: true,
	}
}

func loopCases() []sanitizetest.Case {
	shared := stream("/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources 7 0 R", "0 0 9 9 re f")
	return []sanitizetest.Case{
		exact("a form draws itself", ruleRecursion, sheet{}.xobject(form("/"+needle[:4]+" 6 0 R/Y 6 0 R", "/Y Do q Q /#4eEED Do")), "q\nQ\n"),
		exact("two forms draw one another", ruleRecursion, sheet{objects: []string{form("/B 7 0 R", "q Q /B Do")}}.xobject(form("/A 6 0 R", "/A Do n")), "q\nQ\n", "/A Do\nn\n"),
		{Name: "a form among its own resources", Input: sheet{objects: []string{shared, "<</XObject<</A 6 0 R>>>>"}}.resource("/XObject<</A 6 0 R>>").bytes(),
			Keep: []string{"re\nf\n"}, Exact: true},
		{Name: "a form drawn twice", Input: sheet{objects: []string{form("", "0 0 9 9 re f")}}.xobject(form("/A 6 0 R", "/A Do q Q /A Do")).bytes(),
			Keep: []string{"/A Do\nq\nQ\n/A Do\n"}, Exact: true},
		{Name: "an outline item below itself", Input: sheet{catalog: "/Outlines 6 0 R", objects: []string{
			"<</First 7 0 R/Last 7 0 R/Count 1>>", "<</Title(once)/Parent 6 0 R/First 7 0 R/Next 7 0 R>>"}}.bytes(),
			Keep: []string{"(once)", text}, Rules: []string{ruleUnknownObject}, Exact: true},
	}
}

func silentCases() []sanitizetest.Case {
	id := "/ID[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]"
	standard := "<</Filter/Standard/V 1/R 2/P -4/O<" + key32 + ">/U<" + key32 + ">>>"
	picture := "/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray"
	return []sanitizetest.Case{
		exact("next of an open action that stays", ruleActionChain, sheet{catalog: "/OpenAction<</S/GoTo/D[3 0 R/Fit]/Next" + script + ">>"}),
		exact("a font matrix where there is none", rulePrivateKey, sheet{}.font("<</Type/Font/Subtype/Type1/BaseFont/Courier/FontMatrix[1 0 0 1 0 ("+needle+")]>>"), "/Courier"),
		exact("bytes behind an inline image", ruleInlineImage, sheet{content: "BI /W 2 /H 1 /BPC 8 /CS /G ID ab" + needle + "\nEI BT /F1 9 Tf (" + text + ") Tj ET"}, "/CS /G"),
		exact("samples in another file", ruleExternalStream, sheet{}.xobject(stream(picture+"/F("+needle+")", ""))),
		exact("samples in a file by dictionary", ruleExternalStream, sheet{}.xobject(stream(picture+"/F<</F("+needle+")>>", ""))),
		{Name: "encryption in the trailer itself", Input: sheet{trailer: id + "/Encrypt" + standard}.bytes(), Err: sanitize.ErrEncrypted},
		{Name: "encryption in the trailer itself, with its password", Input: rc4Sheet(), Keep: []string{text}, Rules: []string{ruleEncryptionRemoved}, Exact: true},
		{Name: "encryption spelled with escapes", Input: sheet{trailer: id + "/#45ncryp#74" + standard}.bytes(), Err: sanitize.ErrEncrypted},
		{Name: "encryption of a kind that nobody knows", Input: sheet{trailer: id + "/Encrypt<</Filter/Odd>>"}.bytes(), Err: sanitize.ErrEncrypted},
		{Name: "encryption in a file without table", Input: sheet{trailer: id + "/Encrypt" + standard}.with(func(b []byte) []byte {
			return append(b[:len(b)-len("123\n%%EOF\n")], "\n%%EOF\n"...)
		}).bytes(), Err: sanitize.ErrEncrypted},
		{Name: "the word on a page", Input: sheet{content: "/Encrypt BMC BT /F1 9 Tf (" + text + ") Tj ET EMC"}.bytes(), Keep: []string{text}, Exact: true},
	}
}

// rc4Sheet is a file under RC4 with 40 bits and no user password (ISO 32000-1 7.6.3), its dictionary in the trailer.
func rc4Sheet() []byte {
	pad := []byte("\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A")
	id := []byte("0123456789abcdef")
	owner := md5.Sum(pad)
	o := crypted(owner[:5], pad)
	sum := md5.Sum(slices.Concat(pad, o, []byte{0xfc, 0xff, 0xff, 0xff}, id))
	key := sum[:5]
	of := md5.Sum(append(bytes.Clone(key), 4, 0, 0, 0, 0)) // of object 4, the content
	return sheet{
		content: string(crypted(of[:10], []byte("BT /F1 9 Tf ("+text+") Tj ET"))),
		trailer: fmt.Sprintf("/ID[<%x><%x>]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<%x>/U<%x>>>", id, id, o, crypted(key, pad)),
	}.bytes()
}

func crypted(key, data []byte) []byte {
	c, err := rc4.NewCipher(key)
	if err != nil {
		panic(err)
	}
	out := make([]byte, len(data))
	c.XORKeyStream(out, data)
	return out
}

// key32 is a key of 32 bytes in hexadecimal.
const key32 = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

func TestLoops(t *testing.T) {
	sanitizetest.Run(t, sanitizetest.Suite{Format: Format{}, Cases: loopCases()})
}

func TestNothingSilent(t *testing.T) {
	sanitizetest.Run(t, sanitizetest.Suite{Format: Format{}, Cases: silentCases()})
}
