//! Word lists for made-up people and companies.

pub(super) const FIRST: [&str; 64] = [
    "Olivia", "Noah", "Amelia", "George", "Isla", "Arthur", "Ava", "Muhammad", "Lily", "Leo",
    "Freya", "Oscar", "Ivy", "Harry", "Florence", "Archie", "Willow", "Jack", "Emily", "Henry",
    "Zoë", "José", "Renée", "Björn", "Chloé", "André", "Siân", "Jürgen", "Łukasz", "Søren",
    "Anaïs", "Núria", "Fatima", "Kwame", "Aisha", "Chidi", "Priya", "Arjun", "Mei", "Hiro",
    "Grace", "Daniel", "Hannah", "Samuel", "Ruth", "David", "Esther", "Peter", "Laura", "Mark",
    "Karen", "Paul", "Susan", "Brian", "Linda", "Kevin", "Donna", "Gary", "Sharon", "Steven",
    "Tracey", "Ian", "Julie", "Neil",
];

pub(super) const LAST: [&str; 64] = [
    "Smith",
    "Jones",
    "Taylor",
    "Brown",
    "Williams",
    "Wilson",
    "Johnson",
    "Davies",
    "Patel",
    "Robinson",
    "Wright",
    "Thompson",
    "Evans",
    "Walker",
    "White",
    "Roberts",
    "Green",
    "Hall",
    "Wood",
    "Jackson",
    "O'Brien",
    "O'Neill",
    "MacDonald",
    "van der Berg",
    "de la Cruz",
    "García",
    "Müller",
    "Lefèvre",
    "Núñez",
    "Østergaard",
    "Kowalczyk",
    "Nowak",
    "Okonkwo",
    "Mensah",
    "Khan",
    "Hussain",
    "Singh",
    "Kaur",
    "Chen",
    "Nguyen",
    "Tanaka",
    "Kim",
    "Rossi",
    "Ferrari",
    "Silva",
    "Santos",
    "Fernández",
    "Schäfer",
    "Weiß",
    "Dvořák",
    "Horváth",
    "Ionescu",
    "Papadopoulos",
    "Yılmaz",
    "Cohen",
    "Smith-Jones",
    "Clarke",
    "Turner",
    "Hill",
    "Cooper",
    "Morris",
    "Ward",
    "Baker",
    "Ng",
];

/// Names that are not written in Latin letters.
pub(super) const FAR: [(&str, &str); 8] = [
    ("伟", "王"),
    ("美咲", "佐藤"),
    ("Анна", "Иванова"),
    ("Дмитрий", "Петров"),
    ("محمد", "الحسن"),
    ("דוד", "כהן"),
    ("Ελένη", "Παπαδάκη"),
    ("지민", "김"),
];

pub(super) const PLACES: [(&str, &str); 14] = [
    ("London", "United Kingdom"),
    ("Manchester", "United Kingdom"),
    ("Leeds", "UK"),
    ("Edinburgh", "Scotland"),
    ("Cardiff", "Wales"),
    ("Bristol", "GB"),
    ("New York", "USA"),
    ("Chicago", "United States"),
    ("San José", "USA"),
    ("Zürich", "Switzerland"),
    ("Malmö", "Sweden"),
    ("Kraków", "Poland"),
    ("A Coruña", "Spain"),
    ("東京", "Japan"),
];

pub(super) const COMPANY_WORDS: [&str; 16] = [
    "Harbour",
    "Meridian",
    "Oakfield",
    "Northgate",
    "Silverline",
    "Brightwater",
    "Ironbridge",
    "Larkspur",
    "Highmoor",
    "Redwood",
    "Castle",
    "Juniper",
    "Beacon",
    "Thistle",
    "Quayside",
    "Aurora",
];

pub(super) const COMPANY_KINDS: [&str; 10] = [
    "Ltd",
    "Group",
    "Partners",
    "Logistics",
    "Insurance",
    "Consulting",
    "Foods",
    "Systems",
    "Properties",
    "GmbH",
];

pub(super) const INDUSTRIES: [&str; 8] = [
    "Banking",
    "Consulting",
    "Education",
    "Energy",
    "Healthcare",
    "Insurance",
    "Retail",
    "Transportation",
];

pub(super) const TITLES: [&str; 14] = [
    "CEO",
    "CFO",
    "Director",
    "Head of Operations",
    "Buyer",
    "Office Manager",
    "Accountant",
    "Engineer",
    "VP, Finance",
    "Sales Manager",
    "PA to the CEO",
    "Consultant",
    "Receptionist",
    "Founder",
];

pub(super) const SALUTATIONS: [&str; 5] = ["Mr.", "Ms.", "Mrs.", "Dr.", "Prof."];

pub(super) const SOURCES: [&str; 5] = [
    "Web",
    "Phone Inquiry",
    "Partner Referral",
    "Purchased List",
    "Other",
];

pub(super) const STATUSES: [&str; 3] = [
    "Open - Not Contacted",
    "Working - Contacted",
    "Closed - Not Converted",
];

/// A name as it stands in an e-mail address: lower case, accents and signs left out.
pub(super) fn ascii(name: &str) -> String {
    let plain = |c: char| match c {
        'á' | 'à' | 'â' | 'ä' | 'å' | 'ã' => Some('a'),
        'é' | 'è' | 'ê' | 'ë' => Some('e'),
        'í' | 'ì' | 'î' | 'ï' | 'ı' => Some('i'),
        'ó' | 'ò' | 'ô' | 'ö' | 'ø' | 'õ' => Some('o'),
        'ú' | 'ù' | 'û' | 'ü' => Some('u'),
        'ñ' => Some('n'),
        'ç' => Some('c'),
        'ß' => Some('s'),
        'ł' => Some('l'),
        'ř' => Some('r'),
        c if c.is_ascii_alphanumeric() || c == '-' => Some(c),
        _ => None,
    };
    let folded = name.chars().flat_map(char::to_lowercase).filter_map(plain);
    folded.collect::<String>().trim_matches('-').to_owned()
}
