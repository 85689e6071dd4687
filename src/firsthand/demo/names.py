"""Names for the shop's customers: from many countries, in their own scripts, with an e-mail address that fits."""

from __future__ import annotations

import unicodedata
from random import Random

COUNTRIES = {
    "Brazil": ("Ana Beatriz,João,Luíza,Mateus,Thaís", "da Silva,Gonçalves,Araújo,Conceição,dos Santos"),
    "Germany": ("Jürgen,Käthe,Björn,Friederike,Lukas", "Weiß,Schäfer,Köhler,von der Heide,Müller-Lüdenscheidt"),
    "France": ("Élodie,Théo,Maëlle,Jean-Baptiste,Noémie", "Lefèvre,Dubois,L'Hermite,d'Aubigné,Garçon"),
    "United States": ("Aaliyah,Dwayne,Emily,Jamal,Skyler", "Washington,O'Connor,Nguyen,Smith,Kowalczyk"),
    "United Kingdom": ("Gwenllian,Hamish,Olivia,Zaynab,Alfie", "Featherstonehaugh,MacDonald,Patel,Jones,Cholmondeley"),
    "Ireland": ("Siobhán,Tadhg,Caoimhe,Oisín,Niamh", "O’Neill,Ó Súilleabháin,Byrne,Mac Giolla Phádraig,D'Arcy"),
    "Spain": ("Íñigo,Begoña,José María,Lucía,Xoán", "Núñez,Fernández de Córdoba,Ibáñez,Güell,Ochoa"),
    "Poland": ("Łukasz,Żaneta,Grażyna,Zbigniew,Małgorzata", "Wójcik,Brzęczyszczykiewicz,Kowalska,Dąbrowski,Żuk"),
    "Norway": ("Bjørn,Ågot,Øyvind,Sølvi,Kåre", "Hansen,Ødegård,Bjørnstad,Sæther,Å"),
    "Turkey": ("Işıl,Çağlar,Gülşen,İbrahim,Ömer", "Yılmaz,Öztürk,Şahin,Çelik,Güneş"),
    "Vietnam": ("Thị Hồng Nhung,Minh Đức,Ngọc Ánh,Quốc Bảo,Thu Hà", "Nguyễn,Trần,Phạm,Đặng,Vũ"),
    "Nigeria": ("Chimamanda,Oluwaseun,Adébáyọ̀,Ngozi,Tèmítọ́pẹ́", "Okonkwo,Adéyẹmí,Eze,Balogun,Ọláìyá"),
    "Greece": (
        "Ελένη/eleni,Γιώργος/giorgos,Αικατερίνη/katerina,Νίκος/nikos",
        "Παπαδόπουλος/papadopoulos,Οικονόμου/oikonomou,Γεωργίου/georgiou",
    ),
    "Ukraine": (
        "Олександр/oleksandr,Їванна/yivanna,Оксана/oksana,Тарас/taras",
        "Шевченко/shevchenko,Ковальчук/kovalchuk,Мар’яненко/marianenko",
    ),
    "Egypt": (
        "ليلى/layla,محمد/mohamed,فاطمة الزهراء/fatma,يوسف/youssef",
        "عبد الرحمن/abdelrahman,الخطيب/elkhatib,حسن/hassan",
    ),
    "Israel": ("נועה/noa,איתי/itai,יעל/yael,אברהם/avraham", "כהן/cohen,לוי/levi,בן־דוד/bendavid"),
    "India": (
        "प्रिया/priyanka,अर्जुन/arjun,लक्ष्मी/lakshmi,राहुल/rahul",
        "शर्मा/sharma,चट्टोपाध्याय/chattopadhyay,पटेल/patel",
    ),
    "Japan": ("さくら/sakura,翔太/shota,美咲/misaki,健一郎/kenichiro", "佐藤/sato,髙橋/takahashi,小鳥遊/takanashi"),
    "South Korea": ("지우/jiwoo,서연/seoyeon,민준/minjun,하은/haeun", "김/kim,이/lee,황보/hwangbo"),
    "China": ("小雨/xiaoyu,伟/wei,子涵/zihan,建国/jianguo", "王/wang,欧阳/ouyang,李/li"),
    "Thailand": ("สมชาย/somchai,มาลี/malee,ปิยะ/piya", "ศรีสุวรรณ/srisuwan,วงศ์ใหญ่/wongyai"),
}  # fmt: skip
"""Given and family names by country; one in another script has its romanisation behind a slash."""

FAMILY_FIRST = ("Vietnam", "Japan", "South Korea", "China")
UNSPACED = ("Japan", "South Korea", "China")
HEARTS = ("🎧", "🎸", "🐈‍⬛", "🏳️‍🌈", "👩🏽‍🎤")

UNFOLDED = str.maketrans({"ø": "o", "ł": "l", "ß": "ss", "ı": "i", "đ": "d", "æ": "ae", "’": "", "'": "", "־": ""})


def somebody(random: Random, country: str) -> tuple[str, str]:
    """Return the name of somebody from a country, and what stands before the @ of their address."""
    (given, called), (family, clan) = (parted(random.choice(each.split(","))) for each in COUNTRIES[country])
    if random.random() < 0.03:
        given = f"{given} {random.choice(HEARTS)}"
    ordered = (family, given) if country in FAMILY_FIRST else (given, family)
    return ("" if country in UNSPACED else " ").join(ordered), f"{called}.{clan}"


def parted(name: str) -> tuple[str, str]:
    """Return a name and its romanisation."""
    shown, _, romanised = name.partition("/")
    return shown, romanised or folded(shown)


def folded(name: str) -> str:
    """Return a Latin name as an e-mail address can have it."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(UNFOLDED))
    return "".join("-" if each in " -" else each for each in plain if each.isascii())
