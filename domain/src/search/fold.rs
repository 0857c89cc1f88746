//! One form for all ways to write the same letters.

use icu_casemap::CaseMapper;
use unicode_normalization::UnicodeNormalization as _;

/// The text without regard to case and to forms of the same character: NFKC, case-folded by Unicode, and
/// the dotted and the dotless I of Turkish taken for the same letter. Accents stay.
pub fn caseless(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let composed: String = text.nfkc().collect();
    let mapper = CaseMapper::new();
    let folded = mapper.fold_string(&composed);
    let mut letters = String::with_capacity(folded.len());
    for letter in folded.nfd() {
        match letter {
            'ı' => letters.push('i'),
            // What folding makes of İ.
            '\u{307}' if letters.ends_with('i') => {}
            _ => letters.push(letter),
        }
    }
    letters.nfkc().collect()
}

/// The same without accents: `café` is `cafe`, `Ærø` is `aero`, and `İSTANBUL` is `istanbul`.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut letters = String::with_capacity(text.len());
    for letter in caseless(text).nfkd().filter(|letter| !is_accent(*letter)) {
        match plain(letter) {
            Some(plain) => letters.push_str(plain),
            None => letters.push(letter),
        }
    }
    letters.nfc().collect()
}

/// What is written over, under or into letters and doesn't make other words of them. The vowel signs of
/// Indic scripts and the voicing marks of Japanese do, so they stay.
fn is_accent(mark: char) -> bool {
    matches!(mark,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}'
        // Hebrew points; Arabic vowels and the stroke that only stretches.
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
        | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        // What isn't seen: soft hyphens, joiners, variants.
        | '\u{ad}' | '\u{200c}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

/// Letters with a stroke or of two in one, which Unicode doesn't decompose.
fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'ħ' => "h",
        'ŧ' => "t",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        '’' | '‘' | 'ʼ' => "'",
        '‐' | '‑' => "-",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_take_for_the_same_is_the_same() {
        for (one, other) in [
            ("Café", "cafe"),
            ("CAFE\u{301}", "café"),
            ("IŞIK", "ışık"),
            ("istanbul", "İSTANBUL"),
            ("Straße", "STRASSE"),
            ("Ｆｕｌｌ", "full"),
            ("ﬁle", "FILE"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("Ærøskøbing", "aeroskobing"),
            ("Łódź", "lodz"),
            ("co\u{ad}operate", "cooperate"),
            ("ё", "Е"),
            ("can’t", "can't"),
            ("ｶﾞ", "ガ"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} and {other}");
        }
        for (one, other) in [("か", "が"), ("हिन्दी", "हन्द"), ("กำ", "กา"), ("cat", "car")]
        {
            assert_ne!(fold(one), fold(other), "{one} and {other}");
        }
    }

    #[test]
    fn without_regard_to_case_accents_stay() {
        assert_eq!(caseless("VIP"), "vip");
        assert_eq!(caseless("Cafe\u{301}"), caseless("CAFÉ"));
        assert_ne!(caseless("Café"), caseless("Cafe"));
        assert_eq!(caseless("IŞIK"), caseless("ışık"));
    }

    proptest! {
        #[test]
        fn what_is_folded_stays_as_it_is(text in "\\PC{0,20}") {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
            prop_assert_eq!(caseless(&caseless(&text)), caseless(&text));
            prop_assert_eq!(fold(&caseless(&text)), fold(&text));
        }
    }
}
