//! Characters that nobody sees.
//!
//! A text of nothing but these is empty to whoever reads it, whatever its length says.

/// Whether a character shows nothing and takes no part in a word: Unicode's `Default_Ignorable_Code_Point`
/// (zero-width spaces and joiners, marks of direction, variation selectors, fillers, tags, the byte order
/// mark), annotation marks, and the blank of Braille.
pub fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D159}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Whether a text shows nothing: empty, or white space and invisible characters alone.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|character| character.is_whitespace() || is_invisible(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_nothing_is_blank() {
        for blank in
            ["", " \n\t", "\u{200b}", "\u{feff} \u{2060}", "\u{3164}", "\u{2800}", "\u{e0041}", "\u{a0}"]
        {
            assert!(is_blank(blank), "{blank:?}");
        }
        for shown in ["a", "\u{200b}x", "👩\u{200d}🚒", "❤\u{fe0f}", "نص", "‏שלום", "-", "\u{301}"]
        {
            assert!(!is_blank(shown), "{shown:?}");
        }
    }
}
