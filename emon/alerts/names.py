"""Names of parties and of legal bases as people read them, in one place for messages and court files."""

from __future__ import annotations

from collections.abc import Mapping

from emon.model.vocabulary import LegalBasis, Party

PARTIES: Mapping[str, Mapping[str, str]] = {
    "nl": {
        Party.MELDKAMER_EM: "meldkamer EM",
        Party.POLITIE: "politie",
        Party.RECLASSERING: "reclassering",
        Party.OM: "Openbaar Ministerie",
        Party.CJIB: "CJIB",
        Party.VEILIG_THUIS: "Veilig Thuis",
        Party.SHN: "Slachtofferhulp Nederland",
        Party.BESCHERMDE: "beschermde persoon",
    },
    "en": {
        Party.MELDKAMER_EM: "monitoring centre",
        Party.POLITIE: "police",
        Party.RECLASSERING: "probation service",
        Party.OM: "public prosecutor",
        Party.CJIB: "CJIB",
        Party.VEILIG_THUIS: "Veilig Thuis",
        Party.SHN: "Slachtofferhulp Nederland",
        Party.BESCHERMDE: "protected person",
    },
}

LEGAL_BASES: Mapping[LegalBasis, str] = {
    LegalBasis.SCHORSING: "schorsing van de voorlopige hechtenis",
    LegalBasis.GEDRAGSAANWIJZING: "gedragsaanwijzing (artikel 509hh Sv)",
    LegalBasis.VRIJHEIDSBEPERKENDE_MAATREGEL: "vrijheidsbeperkende maatregel (artikel 38v Sr)",
    LegalBasis.GEDRAGSBEINVLOEDENDE_MAATREGEL: "gedragsbeïnvloedende maatregel (artikel 38z Sr)",
    LegalBasis.VOORWAARDELIJKE_VEROORDELING: "voorwaardelijke veroordeling",
    LegalBasis.VOORWAARDELIJKE_INVRIJHEIDSTELLING: "voorwaardelijke invrijheidstelling",
    LegalBasis.VOORWAARDELIJK_SEPOT: "voorwaardelijk sepot",
    LegalBasis.STRAFBESCHIKKING: "strafbeschikking",
}
"""The law's own names, which have no other in English."""
