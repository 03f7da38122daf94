//! The difference between two texts, line by line.

/// The most pairs of lines that are set against each other: some 16 MB.
const LARGEST: usize = 4_000_000;

/// The lines that went (`-`) and came (`+`), with one line of context around them; empty for equal
/// texts. `old` and `new` are what the two are called in its head.
pub(super) fn difference(old_name: &str, old: &str, new_name: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    let (a, b): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    if a.len() * b.len() > LARGEST {
        let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
        return format!(
            "--- {old_name}\n+++ {new_name}\n(they differ from line {} on)\n",
            same + 1
        );
    }
    let mut lines = Vec::new();
    let (mut i, mut j) = (0, 0);
    let common = common_lengths(&a, &b);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            lines.push((' ', a[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && common[i + 1][j] >= common[i][j + 1]) {
            lines.push(('-', a[i]));
            i += 1;
        } else {
            lines.push(('+', b[j]));
            j += 1;
        }
    }
    let mut text = format!("--- {old_name}\n+++ {new_name}\n");
    let differs = |at: usize| lines.get(at).is_some_and(|(mark, _)| *mark != ' ');
    for (at, (mark, line)) in lines.iter().enumerate() {
        if differs(at) || differs(at + 1) || (at > 0 && differs(at - 1)) {
            text.push(*mark);
            text.push_str(line);
            text.push('\n');
        }
    }
    if lines.iter().all(|(mark, _)| *mark == ' ') {
        text.push_str("(the last line end)\n");
    }
    text
}

/// The length of the longest common subsequence of each pair of tails.
fn common_lengths(a: &[&str], b: &[&str]) -> Vec<Vec<u32>> {
    let mut common = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] = if a[i] == b[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_and_what_came_stand_with_a_line_around_them() {
        let text = difference("old", "a\nb\nc\nd\ne\n", "new", "a\nb\nx\nd\ne\n");
        assert_eq!(text, "--- old\n+++ new\n b\n-c\n+x\n d\n");
        assert_eq!(difference("old", "a\n", "new", "a\n"), "");
        let text = difference("old", "a\n", "new", "a\nb\n");
        assert_eq!(text, "--- old\n+++ new\n a\n+b\n");
        let text = difference("old", "a", "new", "a\n");
        assert_eq!(text, "--- old\n+++ new\n(the last line end)\n");
    }
}
