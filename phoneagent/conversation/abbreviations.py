"""What ends in a full stop and ends no sentence, by language: `phrases` waits for what follows.

A sentence that does end with one of them is cut with its next words, no longer. Single letters ("J.", "z.B.", "p.m.")
need no list.
"""

from __future__ import annotations

from collections.abc import Mapping

ABBREVIATIONS: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "rm. "
        "adm. approx. appt. apr. apt. assn. attn. aug. ave. avg. b.sc. bldg. blvd. bros. capt. cf. cir. cmdr. "
        "co. col. comdr. cont. corp. cpl. ct. d.phil. dec. dept. dist. div. dr. eds. esq. est. etc. excl. "
        "expy. ext. feb. fig. fr. fri. ft. gal. gen. gov. govt. hon. hr. hrs. hwy. inc. incl. intl. jan. jr. "
        "jul. jun. lb. lbs. ln. lt. ltd. m.sc. maj. mar. max. messrs. mfg. mi. min. mins. misc. mlle. mme. "
        "mo. mon. mr. mrs. ms. msgr. mt. natl. no. nos. nov. oct. oz. ph.d. pkwy. pl. pp. pres. prof. pvt. "
        "qt. qty. rd. ref. rep. resp. rev. sec. secs. sen. sep. sept. sgt. sq. sr. st. ste. supt. tbsp. tel. "
        "temp. ter. thu. thurs. tsp. tue. tues. univ. vol. vols. vs. wed. wk. wks. yd. yds. yr. yrs.",
        "de": "chr. abs. abzgl. allg. anm. apr. art. aufl. aug. betr. bez. bhf. bspw. bzw. ca. dent. ders. dez. "
        "dipl.-ing. dr. ebd. ehem. einschl. evang. evtl. ew. exkl. fa. feb. ff. fr. ft. geb. gebr. gem. gest. "
        "ggf. ggfs. habil. hbf. hl. hr. hrsg. ing. inh. inkl. jan. jh. jr. jur. jährl. kap. kath. ltd. mag. "
        "max. med. min. mio. mr. mrd. mrs. mtl. mwst. nachf. nov. nr. okt. oz. pers. phil. pl. prof. rer. "
        "sec. sek. sept. sog. sr. st. stck. std. stk. str. stv. tbsp. tel. tsp. tägl. usf. usw. verh. vet. "
        "vgl. vors. yd. yds. zi. zt. zw. zzgl.",
        "fr": "app. approx. appt. apr. apt. arr. art. av. bd. bld. boul. bât. c.-à-d. cap. cf. chap. chem. dr. déc. "
        "dép. env. esc. etc. ex. fbg. ft. févr. gén. hab. inc. janv. jr. juil. lb. lbs. lt. ltée. max. mgr. "
        "mi. min. mins. mlle. mm. mme. no. nov. oct. oz. p.ex. pl. pp. pr. prof. rte. réf. sec. secs. sept. "
        "sgt. sq. sr. st. ste. tbsp. tel. tsp. tél. vol. yd. yds. éd. ét.",
        "es": "abr. admón. ago. apdo. aprox. arq. art. av. avda. bco. cap. cnel. ctra. cía. dcha. depto. dic. dom. "
        "dpto. dr. dra. dña. ee. ee.uu. ej. ene. esq. etc. feb. ft. gob. gral. hab. hno. hnos. hrs. incl. "
        "ing. izq. jr. jue. kg. km. lb. lbs. lic. lun. mi. min. mins. mié. máx. mín. nov. núm. oct. oz. p.ej. "
        "plza. prof. profa. pte. pza. pág. págs. sec. secs. seg. sept. sgto. sr. sra. sres. srs. srta. sta. "
        "sto. sáb. tbsp. tel. teléf. tfno. tsp. tte. ud. uds. uu. vd. vds. vie. vol. vs. yd. yds.",
        "it": "ago. apr. arch. art. avv. c.so ca. cap. cell. cfr. dic. dom. dott. dott.ssa dr. dr.ssa ecc. ed. egr. "
        "es. etc. f.lli feb. fig. ft. gen. gent.ma gent.mo geom. gio. giu. ing. int. l.go lb. lbs. lug. lun. "
        "mag. mar. max. mer. min. mins. mons. nov. nr. num. ott. oz. p.es. p.za p.zza pag. pagg. prof. "
        "prof.ssa rag. sab. sec. secs. serg. set. sig. sig.na sig.ra sigg. spett.le ss. tbsp. tel. ten. tsp. "
        "v.le ven. vol. vs. yd. yds.",
        "pl": "abp. al. ang. art. bm. bp. br. bł. czw. dent. dot. dr. ds. dyr. ew. ft. gen. godz. hab. im. inż. "
        "itd. itp. jw. kom. kpt. ks. lb. lbs. lek. m.in. maks. mec. med. mgr. min. mins. mld. mln. niedz. np. "
        "nr. ok. os. oz. pkt. pl. pn. pon. pow. prez. prof. przew. pt. płk. red. sec. secs. sek. sierż. sob. "
        "str. szt. tbsp. tel. tj. tsp. tys. tzn. tzw. ub. ul. ust. wet. wg. woj. wt. ww. wyd. yd. yds. zast. "
        "zob. zw. zł. św.",
        "pt": "abr. ago. al. ap. aprox. apto. arq. art. av. bl. cap. cel. cia. dep. dez. dr. dra. ed. eng. est. "
        "etc. ex. exma. exmo. ext. fev. ft. gen. gov. hab. ilma. ilmo. jan. jd. jr. km. lb. lbs. lda. lic. "
        "ltda. maj. mi. min. mins. máx. mín. nov. nº. núm. obs. out. oz. p.ex. prof. profa. pág. págs. pç. "
        "pça. ref. rod. sec. secs. sen. set. sgt. sr. sra. sras. srs. srta. sta. sto. sáb. tbsp. tel. trav. "
        "tsp. tv. vol. yd. yds.",
        "nl": "p.st. afd. apr. aug. bijl. bijv. blz. bv. ca. dec. dhr. dr. drs. ds. enz. etc. evt. excl. feb. ft. gem. "
        "hfst. incl. ing. ir. jan. jhr. jl. kol. lb. lbs. lt. max. mej. mevr. min. mins. mld. mln. mr. mw. "
        "n.chr. nov. nr. nrs. okt. ong. oz. pag. pers. pp. prof. resp. sec. secs. sept. sgt. st. str. tbsp. "
        "tel. tsp. v.chr. vgl. vs. wo. yd. yds. zgn.",
    }.items()
}
