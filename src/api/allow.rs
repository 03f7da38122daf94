//! Which methods a path knows: poem answers 405 without saying.

/// The paths of a service with their methods.
#[derive(Debug, Clone)]
pub(super) struct Routes(Vec<(Vec<Segment>, String)>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Fixed(String),
    Parameter,
}

impl Routes {
    /// From path templates (`/orders/{id}`) and their methods in capitals.
    pub(super) fn new(routes: Vec<(String, Vec<String>)>) -> Self {
        let parsed = routes.into_iter().map(|(path, mut methods)| {
            // poem answers HEAD wherever it answers GET.
            if methods.iter().any(|method| method == "GET")
                && methods.iter().all(|method| method != "HEAD")
            {
                methods.push("HEAD".to_owned());
            }
            let segments = path.split('/').map(|segment| {
                if segment.contains('{') {
                    Segment::Parameter
                } else {
                    Segment::Fixed(segment.to_owned())
                }
            });
            (segments.collect(), methods.join(", "))
        });
        Self(parsed.collect())
    }

    /// The value of `Allow` for `path`; `None` for a path that no route has.
    pub(super) fn allow(&self, path: &str) -> Option<&str> {
        let fits = |segments: &[Segment]| {
            let mut parts = path.split('/');
            segments
                .iter()
                .all(|segment| match (segment, parts.next()) {
                    (Segment::Fixed(fixed), Some(part)) => fixed == part,
                    (Segment::Parameter, Some(part)) => !part.is_empty(),
                    (_, None) => false,
                })
                && parts.next().is_none()
        };
        // A path without parameters is meant before one with.
        self.0
            .iter()
            .filter(|(segments, _)| fits(segments))
            .max_by_key(|(segments, _)| {
                segments
                    .iter()
                    .filter(|s| **s != Segment::Parameter)
                    .count()
            })
            .map(|(_, methods)| methods.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_fixed_template_that_fits_is_the_one_that_counts() {
        let routes = Routes::new(vec![
            ("/orders/{id}".into(), vec!["GET".into(), "DELETE".into()]),
            ("/orders/open".into(), vec!["POST".into()]),
        ]);
        assert_eq!(routes.allow("/orders/7"), Some("GET, DELETE, HEAD"));
        assert_eq!(routes.allow("/orders/open"), Some("POST"));
        assert_eq!(routes.allow("/orders/"), None);
        assert_eq!(routes.allow("/orders/7/lines"), None);
    }
}
