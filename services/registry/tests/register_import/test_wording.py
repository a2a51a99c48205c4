"""The register's free wording."""

import pytest

from aksu_registry.register_import.wording import legal_form_of, service_kind_of, target_groups_of
from aksu_shared.kernel.codelists import SERVICE_KINDS, TARGET_GROUP_ALIASES


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Примерна фондация „Грижа“", "NGO"),
        ("Сдружение „АД ХОК“", "NGO"),
        ("Каритас Пример", "NGO"),
        ("„Дом Роса“ ЕООД", "COMPANY"),
        ('"Пример 92" ООД', "COMPANY"),
        ("Трудова кооперация „Пример“", "COMPANY"),
        ("ЕТ „Пример – Иван Примеров“", "SOLE_TRADER"),
        ("ET Пример", "SOLE_TRADER"),  # with Latin letters
        ("„Beispiel Pflege“ GmbH – клон България", "EU_EEA_ENTITY"),
        ("Общинско предприятие „Социални услуги“", "MUNICIPAL_LEGAL_ENTITY"),
        ("ОП „Социални дейности“", "MUNICIPAL_LEGAL_ENTITY"),
        ("Община Пловдив", "MUNICIPALITY"),
        ("Столична община", "MUNICIPALITY"),
        ("Министерство на труда", "STATE"),
    ],
)
def test_a_providers_name_shows_its_legal_form(name: str, form: str) -> None:
    assert legal_form_of(name) == form


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Резидентна грижа за възрастни хора", "RESIDENTIAL_CARE"),
        ("ЦНСТ за деца с увреждания „Роса“", "FAMILY_HOME_CHILDREN_DISABILITIES"),
        ("Център за настаняване от семеен тип за деца без увреждания", "FAMILY_HOME_CHILDREN"),
        ("Социална услуга „Дневен център за стари хора“", "DAY_CENTRE_ELDERLY"),
        ("Дневен център „Слънце“", "DAY_CENTRE"),
        ('Звено "Майка и бебе"', "MOTHER_BABY_UNIT"),
        ("Комплекс „Надежда“ – ЦСРИ", "SOCIAL_REHABILITATION_CENTRE"),
        ("Приютяване", "OTHER"),
        ("Йога", "OTHER"),
    ],
)
def test_a_services_name_shows_its_kind(name: str, kind: str) -> None:
    assert service_kind_of(name) == kind


def test_every_label_and_alias_is_recognised_as_its_own_kind() -> None:
    for kind in SERVICE_KINDS.values():
        for wording in (kind.text.bg, *kind.aliases):
            assert service_kind_of(wording) == kind.code, wording


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("Деца с увреждания", ("CHILDREN_DISABILITIES",)),
        ("Деца; деца с увреждания", ("CHILDREN_DISABILITIES", "CHILDREN")),
        ("лица с деменция, лица в надтрудоспособна възраст", ("DEMENTIA", "ELDERLY")),
        ("Младежи, напускащи грижа", ("YOUTH_LEAVING_CARE",)),
        ("Хора в надтрудоспособна възраст с увреждания", ("ELDERLY_DISABILITIES",)),
        ("Приятели", ("OTHER",)),
    ],
)
def test_a_text_shows_all_its_target_groups(text: str, groups: tuple[str, ...]) -> None:
    assert target_groups_of(text) == groups


def test_every_wording_is_recognised_as_its_own_target_group() -> None:
    for code, wordings in TARGET_GROUP_ALIASES.items():
        for wording in wordings:
            assert code in target_groups_of(wording), wording
