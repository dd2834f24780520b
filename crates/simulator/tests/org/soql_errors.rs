//! Queries that are refused, and in which words.

use super::support::org;

#[test]
fn mistake_29_an_error_points_at_its_place_with_row_and_column() {
    let t = org();
    let error = t.query_error("SELECT count() FROM XYZZY");
    let text = "\nSELECT count() FROM XYZZY\n                    ^\nERROR at Row:1:Column:21\nsObject type 'XYZZY' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.";
    assert_eq!(
        (error.status, error.code, error.message.as_str()),
        (400, "INVALID_TYPE", text)
    );
    assert_eq!(error.fields, None);
    let error = t.query_error("SELECT Id,Foo FROM Contact");
    let text = "\nSELECT Id,Foo FROM Contact\n          ^\nERROR at Row:1:Column:11\nNo such column 'Foo' on entity 'Contact'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.";
    assert_eq!(
        (error.code, error.message.as_str()),
        ("INVALID_FIELD", text)
    );
    let error = t.query_error("SELECT Id\nFROM Contact\nWHERE Nope = 1");
    assert!(
        error
            .message
            .contains("\nWHERE Nope = 1\n      ^\nERROR at Row:3:Column:7\n"),
        "{}",
        error.message
    );
}

#[test]
fn each_mistake_has_its_code() {
    let t = org();
    let cases = [
        (
            "SELECT Id FROM Contact WHER Name = 'a'",
            "MALFORMED_QUERY",
            "unexpected token: 'Name'",
        ),
        (
            "SELECT Id, FROM Contact",
            "MALFORMED_QUERY",
            "unexpected token",
        ),
        (
            "SELECT Id FROM Contact WHERE Name = 'a",
            "MALFORMED_QUERY",
            "unexpected token",
        ),
        (
            "SELECT Id FROM Contact WHERE Name = 'a' AND Title = 'b' OR Title = 'c'",
            "MALFORMED_QUERY",
            "unexpected token: 'OR'",
        ),
        (
            "SELECT Id FROM",
            "MALFORMED_QUERY",
            "unexpected token: '<EOF>'",
        ),
        (
            "SELECT Id FROM Contact;",
            "MALFORMED_QUERY",
            "unexpected token: ';'",
        ),
        (
            "SELECT Foo.Name FROM Contact",
            "INVALID_FIELD",
            "Didn't understand relationship 'Foo'",
        ),
        (
            "SELECT (SELECT Id FROM Foos) FROM Account",
            "INVALID_TYPE",
            "Didn't understand relationship 'Foos'",
        ),
        (
            "SELECT Id FROM Contact WHERE Description LIKE 'a%'",
            "INVALID_FIELD",
            "can not be filtered",
        ),
        (
            "SELECT Id FROM Contact ORDER BY Description",
            "INVALID_FIELD",
            "can not be sorted",
        ),
        (
            "SELECT Id FROM Account WHERE NumberOfEmployees = '5'",
            "INVALID_FIELD",
            "must be of type int and should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Contact WHERE LastName = 5",
            "INVALID_FIELD",
            "must be of type string and should be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Contact WHERE CreatedDate > '2024-01-01T00:00:00Z'",
            "INVALID_FIELD",
            "must be of type dateTime and should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Contact WHERE CreatedDate > 2024-01-01",
            "INVALID_FIELD",
            "must be of type dateTime",
        ),
        (
            "SELECT Id FROM Contact WHERE Id = 'abc'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid ID field: abc",
        ),
        (
            "SELECT Id FROM Contact WHERE Title INCLUDES ('a')",
            "INVALID_QUERY_FILTER_OPERATOR",
            "multipicklist",
        ),
        (
            "SELECT Id, Id FROM Contact",
            "INVALID_FIELD",
            "duplicate field selected: Id",
        ),
        (
            "SELECT Id i FROM Contact",
            "MALFORMED_QUERY",
            "only aggregate expressions use field aliasing",
        ),
        (
            "SELECT FIELDS(ALL) FROM Contact",
            "MALFORMED_QUERY",
            "LIMIT of at most 200",
        ),
        (
            "SELECT Name, COUNT(Id) FROM Contact",
            "MALFORMED_QUERY",
            "Field must be grouped or aggregated: Name",
        ),
        (
            "SELECT Id FROM Contact OFFSET 2001",
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Maximum SOQL offset allowed is 2000",
        ),
        (
            "SELECT SUM(Title) FROM Contact",
            "MALFORMED_QUERY",
            "does not support aggregate operator SUM",
        ),
        (
            "SELECT Id FROM Contact WHERE Id IN (SELECT Name FROM Lead)",
            "MALFORMED_QUERY",
            "semi-join",
        ),
    ];
    for (soql, code, message) in cases {
        let error = t.query_error(soql);
        assert_eq!(error.code, code, "{soql}: {}", error.message);
        assert!(error.message.contains(message), "{soql}: {}", error.message);
    }
}

#[test]
fn deep_nesting_is_refused_and_does_not_crash() {
    let t = org();
    let soql = format!(
        "SELECT Id FROM Contact WHERE {}Name = 'a'{}",
        "(".repeat(5_000),
        ")".repeat(5_000)
    );
    assert_eq!(t.query_error(&soql).code, "QUERY_TOO_COMPLICATED");
    let soql = format!(
        "SELECT Id FROM Contact WHERE {} Name = 'a'",
        "NOT ".repeat(5_000)
    );
    assert_eq!(t.query_error(&soql).code, "QUERY_TOO_COMPLICATED");
}
